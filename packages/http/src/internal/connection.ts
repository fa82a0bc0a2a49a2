/** Performs deeds against one API, as its table says. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { Artifact } from "@tenuto/core/Artifact"
import type { Evidence, Stage } from "@tenuto/core/Evidence"
import type { Reason } from "@tenuto/core/Reason"
import type * as Remote from "@tenuto/core/Remote"
import * as Delay from "../Delay.ts"
import type * as Exchange from "../Exchange.ts"
import * as Json from "../Json.ts"
import * as Credential from "./Credential.ts"
import * as Address from "./address.ts"
import { type Limits, type Transport, type Unanswered, Unsent } from "../Transport.ts"
import * as Verdict from "../Verdict.ts"
import * as Hint from "./hint.ts"
import { bearing, nowhere, originOf, refusal, requestOf } from "./request.ts"
import type { Answered, Call, Endpoint, Reading, Refusal, Settings, Table } from "./table.ts"

/** An answer is read up to this many bytes. */
const maxBytes = 8n * 1024n * 1024n

/** So long a credential may take to come for a file. */
const patience = Duration.seconds(30)

type Limited = Omit<Limits, "maxBytes">

export const connect = <Service extends string>(
  table: Table<Service>,
  settings: Settings,
  transport: Transport["Service"],
): Remote.Shape => {
  // Code without types may give anything, such as a URL object: what is no text is no base.
  const given: unknown = settings.baseUrl ?? table.base
  const base = String(given).replace(/\/+$/, "")
  // A path put after a query or a fragment would be no path.
  const origin = /[?#]/.test(base) ? nowhere : originOf(base)
  const credential = Credential.make(settings.apiKey, settings.account)
  const { withheld } = credential
  const budget = table.budget?.open()
  const heard = (deed: Remote.Deed["_tag"], answer: Remote.Answer) => budget?.heard(deed, answer) ?? Effect.void

  // Law 10: neither a base that is none nor a path that leaves it gets to see the credential.
  const exchange = (call: Call, limits: Limited, isRefused = isUnauthorized) => {
    const request = Result.flatMap(Address.of(base, call), (url) => {
      const detail = refusal(origin, url, settings)
      return detail === undefined
        ? attempt(() => requestOf(url, call), "the request cannot be written as JSON")
        : Result.fail(detail)
    })
    if (Result.isFailure(request))
      return Effect.fail(new Unsent({ problem: "InvalidRequest", detail: request.failure }))
    const send = (apiKey: Redacted.Redacted<string>, timeout: Duration.Duration) =>
      transport.send(bearing(request.success, table.credential(apiKey)), { ...limits, timeout, maxBytes })
    return Credential.spend(credential, limits.timeout, send, isRefused)
  }

  const urlOf = (call: Call): string => Result.getOrElse(Address.of(base, call), () => base)

  const judged = (
    stage: Stage,
    response: Exchange.Response,
    now: DateTime.Utc,
    said: Partial<Verdict.Refused> = {},
  ) => {
    const { body, headers, status } = response
    const { _tag: _, retryAfter, ...own } = said
    const hints = Delay.of(headers, now, status, table.hints)
    const refusal = { stage, status, headers, body: Result.getOrUndefined(Json.read(headers, body)), now }
    const trouble = troubleOf(refusal)
    const seen = Verdict.shown({
      stage,
      status,
      ...namesOf(refusal.body),
      ...trouble,
      ...own,
      ...Hint.longest(hints.unused, hints.retryAfter, hints.exhausted, trouble.retryAfter, retryAfter),
    })
    const { adopts = false, reason, truth } = Verdict.judge(table.verdicts, seen)
    return { truth, reason, adopts, body: refusal.body, evidence: Verdict.evidenceOf(seen, requestIdOf(headers)) }
  }

  const namesOf = (body: unknown): Pick<Verdict.Seen, "also"> => {
    const also = safely(() => table.names?.(body) ?? {})
    return Object.keys(also).length === 0 ? {} : { also }
  }

  /** What cannot be read says nothing; the status is judged all the same. */
  const troubleOf = (refusal: Refusal): Verdict.Trouble => safely(() => table.trouble(refusal))

  const requestIdOf = (headers: Exchange.Headers) =>
    table.requestId === undefined ? undefined : headers[table.requestId.toLowerCase()]

  /** One exchange, and what it establishes. */
  const ask = <A extends Hint.Read>(
    stage: "submit" | "look" | "cancel" | "answer",
    call: Call,
    limits: Limited,
    read: (body: unknown, answered: Answered) => Reading<A>,
  ): Effect.Effect<Remote.Answer> => {
    const doubt = stage === "submit" ? "Uncertain" : "Unseen"
    const refused = stage === "submit" ? "Rejected" : "Lost"
    const answered = (response: Exchange.Response, now: DateTime.Utc): Remote.Answer => {
      const { headers, status } = response
      const around = { url: urlOf(call), status, headers, now }
      const hints = Delay.of(headers, now, status, table.hints)
      const judge = (said?: Verdict.Refused): Remote.Answer => {
        const { adopts, body, evidence, reason, truth } = judged(stage, response, now, said)
        const adopted = adopts ? readable(() => read(body, around)) : Result.fail("")
        if (Result.isSuccess(adopted)) return Hint.hinted(adopted.success, hints)
        return { _tag: truth === refused ? refused : doubt, reason, evidence }
      }
      if (!isSuccess(response)) return judge()
      const requestId = requestIdOf(headers)
      const parsed = Json.read(headers, response.body)
      const body = Result.getOrUndefined(parsed)
      // A handle may stand in a header, whatever the body is.
      const isRead = stage === "submit" || response.body.byteLength === 0 || Result.isSuccess(parsed)
      const answer = isRead ? readable(() => read(body, around)) : Result.fail("")
      if (Result.isSuccess(answer)) {
        const names = { ...namesOf(body), ...(requestId === undefined ? {} : { requestId }) }
        return Hint.hinted(named(answer.success, names), hints)
      }
      if (typeof answer.failure !== "string") return judge(answer.failure)
      const { retryAfter, ...report } = Hint.longest(hints.unused, hints.retryAfter, hints.exhausted)
      const evidence = Verdict.evidenceOf({ stage, status, ...namesOf(body), ...report }, requestId)
      const problem = Result.isFailure(parsed) ? parsed.failure : answer.failure
      const malformed: Reason = { _tag: "Malformed", problem }
      return {
        _tag: doubt,
        reason: retryAfter === undefined ? malformed : { _tag: "Unavailable", retryAfter },
        evidence,
      }
    }
    // A submit that was refused for its credential is sent again only where the table says that nothing has started.
    const isRefused = (response: Exchange.Response) =>
      Effect.map(DateTime.now, (now) => {
        const answer = answered(response, now)
        return "reason" in answer && answer.reason._tag === "Unauthenticated" && answer._tag !== "Uncertain"
      })
    return exchange(call, limits, isRefused).pipe(
      Effect.flatMap((response) =>
        Effect.flatMap(DateTime.now, (now) => {
          const deprecation = Result.getOrUndefined(attempt(() => table.deprecation?.(response.headers, now)))
          const answer = { ...answered(response, now), ...(deprecation === undefined ? {} : { deprecation }) }
          return exhausted(deedOf[stage], answer, Delay.of(response.headers, now, response.status, table.hints))
        }),
      ),
      Effect.catch((failure): Effect.Effect<Remote.Answer> => {
        const isProof = stage === "submit" && failure._tag === "Unsent"
        return Effect.succeed({ _tag: isProof ? "Rejected" : doubt, reason: reasonOf(failure), evidence: { stage } })
      }),
      Effect.map(withheld),
    )
  }

  /** Where nothing remains of a limit, all on this credential are held back; where they share none, this work is. */
  const exhausted = (deed: Remote.Deed["_tag"], answer: Remote.Answer, { exhausted: span }: Delay.Hints) => {
    // A refusal for the limit is heard with its hint.
    if (span === undefined || ("reason" in answer && answer.reason._tag === "RateLimited"))
      return Effect.succeed(answer)
    const shared = budget?.exhausted(deed, span) ?? Effect.succeed(false)
    return Effect.map(shared, (isShared) =>
      isShared || (answer._tag !== "Accepted" && answer._tag !== "Observed")
        ? answer
        : Hint.hinted(answer, { retryAfter: span }),
    )
  }

  const endpointOf = (operation: string): Endpoint | undefined =>
    Object.hasOwn(table.endpoints, operation) ? table.endpoints[operation] : undefined

  const perform = (deed: Remote.Deed): Effect.Effect<Remote.Answer> => {
    const { operation } = deed._tag === "Submit" ? deed.request : deed.handle
    const endpoint = endpointOf(operation)
    if (deed._tag === "Submit") {
      const { isRepeatable: idempotent = false, request, within: timeout } = deed
      if (endpoint === undefined) return unknownOperation("Rejected", "submit", operation)
      const call = attempt(() => endpoint.submit(request))
      if (Result.isFailure(call)) return Effect.succeed(unbuilt("Rejected", "draft", operation))
      return ask("submit", call.success, { timeout, idempotent }, (body, answered) =>
        Result.map(endpoint.accepted(body, request, answered), (accepted) => ({ _tag: "Accepted", ...accepted })),
      )
    }
    const { handle, within: timeout } = deed
    const stage = stages[deed._tag]
    if (endpoint === undefined) return unknownOperation("Unseen", stage, operation)
    const built = attempt(() => follow(endpoint, deed))
    if (Result.isFailure(built)) return Effect.succeed(unbuilt("Unseen", stage, operation))
    const { call, read = endpoint.observed } = built.success
    if (call === undefined)
      return Effect.succeed({ _tag: "Unseen", reason: { _tag: "NotImplemented" }, evidence: { stage } })
    // Looking twice does nothing twice, whatever the method; of everything else the method tells.
    const limits = { timeout, ...(stage === "look" ? { idempotent: true } : {}) }
    return ask(stage, call, limits, (body, answered) =>
      Result.map(read(body, handle, answered), ({ retryAfter, ...observation }) => ({
        _tag: "Observed",
        observation,
        ...(retryAfter === undefined ? {} : { retryAfter }),
      })),
    )
  }

  const renew = (artifact: Artifact, within: Duration.Duration): Effect.Effect<Remote.Renewal> | undefined => {
    const { operation } = artifact.handle
    const link = attempt(() =>
      endpointOf(operation)?.link?.(artifact, {
        exchange: (call) => exchange(call, { timeout: within }),
        addressOf: urlOf,
        judged: (response, now) => judged("download", response, now),
        reasonOf,
      }),
    )
    return Result.getOrElse(link, () => Effect.succeed(unbuilt("Unseen", "download", operation)))
  }

  return {
    origin,
    ...accountOf(settings.account ?? credential.fixed),
    perform: (deed) =>
      Effect.tap(
        Effect.suspend(() => perform(deed)),
        (answer) => heard(deed._tag, answer),
      ),
    heard: (handle, body) => {
      const read = endpointOf(handle.operation)?.delivered
      const seen = read === undefined ? undefined : Result.getOrUndefined(readable(() => read(body, handle)))
      return seen === undefined ? undefined : withheld(Verdict.said(seen))
    },
    renew: (artifact, within) =>
      renew(artifact, within)?.pipe(
        Effect.map(withheld),
        // A renewal stands for a look: what it is told counts for all who look.
        Effect.tap((renewal) => (renewal._tag === "Renewed" ? Effect.void : heard("Look", renewal))),
      ),
    // Law 10: also a file gets to see the credential at the configured origin only.
    credential: (address) =>
      refusal(origin, address, settings) === undefined
        ? credential.get(patience).pipe(
            Effect.map(table.credential),
            // Without a credential the file is refused, and the look that renews its link says what is wrong.
            Effect.orElseSucceed(() => ({})),
          )
        : undefined,
    ...(budget === undefined ? {} : { admit: budget.admit }),
    ...(table.cadence === undefined ? {} : { cadence: table.cadence }),
  }
}

const stages = { Look: "look", Cancel: "cancel", Answer: "answer" } as const

/** What is sent about work that the service has, and who reads the answer where that is not `observed`. */
const follow = (
  endpoint: Endpoint,
  deed: Exclude<Remote.Deed, { readonly _tag: "Submit" }>,
): { readonly call: Call | undefined; readonly read?: Endpoint["observed"] | undefined } => {
  switch (deed._tag) {
    case "Look":
      return { call: endpoint.look?.(deed.handle, deed.hold) }
    case "Cancel":
      return { call: endpoint.cancel?.(deed.handle), read: endpoint.cancelled }
    case "Answer":
      return { call: endpoint.answer?.(deed.handle, deed.input), read: endpoint.answered }
  }
}

/** What was seen, fit to be shown; what failed is told with the exchange that said so, for a support desk. */
const named = <A extends Hint.Read>(answer: A, names: Pick<Evidence, "also" | "requestId">): A => {
  if (!("observation" in answer)) return answer
  const { observation } = answer
  return {
    ...answer,
    observation: Verdict.said(observation._tag === "Failed" ? { ...observation, ...names } : observation),
  }
}

const deedOf = { submit: "Submit", look: "Look", cancel: "Cancel", answer: "Answer" } as const

const accountOf = (account: Remote.Account | undefined): Pick<Remote.Shape, "account"> =>
  account === undefined ? {} : { account }

const isUnauthorized = ({ status }: Exchange.Response): Effect.Effect<boolean> => Effect.succeed(status === 401)

const isSuccess = ({ status }: Exchange.Response): boolean => status >= 200 && status < 300

const safely = <A extends object>(read: () => A): A | {} => Result.getOrElse(attempt(read), () => ({}))

/** A reader that throws is our defect, and an answer that nobody could read all the same. */
const readable = <A>(read: () => Reading<A>): Reading<A> => Result.flatMap(attempt(read), (answer) => answer)

const attempt = <A>(evaluate: () => A, problem = "its reader cannot read it"): Result.Result<A, string> =>
  Result.try({ try: evaluate, catch: () => problem })

/** A builder that throws is our defect as well: nothing has left, and other work goes on. */
const unbuilt = <Truth extends "Rejected" | "Unseen">(_tag: Truth, stage: Stage, operation: string) => {
  const from = stage === "draft" ? "draft" : "handle"
  const message = `${operation} cannot make a request of this ${from}; nothing was sent`
  const reason: Reason = { _tag: "Invalid", issues: [{ path: [from], message }] }
  return { _tag, reason, evidence: { stage } }
}

const unknownOperation = (_tag: "Rejected" | "Unseen", stage: Stage, name: string): Effect.Effect<Remote.Answer> =>
  Effect.succeed({ _tag, reason: { _tag: "NotFound", what: `operation ${name}` }, evidence: { stage } })

const reasonOf = (failure: Unsent | Unanswered): Reason => {
  switch (failure.problem) {
    case "InvalidRequest":
      return {
        _tag: "Invalid",
        issues: [{ path: ["setting" in failure ? failure.setting : "request"], message: failure.detail }],
      }
    case "Timeout":
      return { _tag: "Timeout" }
    case "TooLarge":
    case "Malformed":
      return { _tag: "Malformed", problem: failure.detail }
    default:
      return { _tag: "Unreachable", problem: failure.detail }
  }
}
