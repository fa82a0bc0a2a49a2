/** What a table may say beyond a plain submit and look. */
import { inspect } from "node:util"
import { assert, describe, expect, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Artifact from "@tenuto/core/Artifact"
import { developer } from "@tenuto/core/Evidence"
import type { Handle } from "@tenuto/core/Handle"
import * as HandleOf from "@tenuto/core/Handle"
import type { Answer, Renewal } from "@tenuto/core/Remote"
import * as Budget from "@tenuto/http/Budget"
import * as Exchange from "@tenuto/http/Exchange"
import * as Deprecation from "@tenuto/http/Deprecation"
import * as Link from "@tenuto/http/Link"
import * as Multipart from "@tenuto/http/Multipart"
import type * as Provider from "@tenuto/http/Provider"
import * as Verdict from "@tenuto/http/Verdict"
import {
  answer,
  apiKey,
  base,
  handle,
  remote,
  request,
  type Sent,
  table,
  Unanswered,
  Unsent,
  within,
} from "./service.ts"

const sing = table.endpoints["sing"] as Provider.Endpoint
const with_ = (changes: Partial<Provider.Endpoint>): Partial<Provider.Table<"service">> => ({
  endpoints: { sing: { ...sing, ...changes } },
})
const urlOf = ({ request: { url } }: Sent) => Exchange.reveal(url)

describe("an answer without a body", () => {
  const located: Provider.Endpoint["accepted"] = (body, asked, { headers, status }) => {
    const locator = headers["operation-location"]
    return body === undefined && status === 202 && locator !== undefined
      ? Result.succeed({ handle: HandleOf.of(asked, { id: "1", locator }) })
      : Result.fail("there is no location")
  }

  it.effect("is read by its status and headers", () =>
    Effect.gen(function* () {
      const service = remote(
        () => answer(202, "", { "operation-location": `${base}/ops/1` }),
        {},
        with_({ accepted: located }),
      )
      expect(yield* service.submit()).toMatchObject({ _tag: "Accepted", handle: { locator: `${base}/ops/1` } })
    }),
  )

  it.effect("that is no JSON does not hide a handle in a header", () =>
    Effect.gen(function* () {
      const headers = { "operation-location": `${base}/ops/1`, "content-type": "text/plain" }
      const service = remote(() => answer(202, "Accepted", headers), {}, with_({ accepted: located }))
      expect((yield* service.submit())._tag).toBe("Accepted")
    }),
  )

  it.effect("is read with the address that was asked", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const accepted: Provider.Endpoint["accepted"] = (_, asked, { url }) => {
        seen.push(url)
        return Result.succeed({ handle: HandleOf.of(asked, { id: "1" }) })
      }
      yield* remote(() => answer(202, ""), {}, with_({ accepted })).submit()
      expect(seen).toEqual([`${base}/songs`])
    }),
  )

  it.effect("that says nothing is malformed, and says so", () =>
    Effect.gen(function* () {
      const service = remote(() => answer(202, ""), {}, with_({ accepted: located }))
      expect(yield* service.submit()).toMatchObject({
        _tag: "Uncertain",
        reason: { _tag: "Malformed", problem: "the body is empty" },
      })
    }),
  )
})

describe("a success whose body refuses", () => {
  const rows: ReadonlyArray<Verdict.Verdict> = [
    { stage: "submit", code: "-32602", truth: "Rejected", reason: { _tag: "Invalid", issues: [] }, source: "a page" },
    { stage: "look", code: "-32001", truth: "Lost", reason: { _tag: "Gone" }, source: "a page" },
  ]
  const trouble: Provider.Table<string>["trouble"] = ({ body }) => {
    const code: unknown = Reflect.get(Object(Reflect.get(Object(body), "error")), "code")
    return code === undefined ? {} : { code: `${code as number}` }
  }
  const refusing = (said?: Parameters<typeof Verdict.refused>[0]): Partial<Provider.Table<"service">> => ({
    ...with_({ accepted: () => Verdict.refused(said), observed: () => Verdict.refused(said) }),
    verdicts: rows,
    trouble,
  })
  const refusal = (code: number) => answer(200, { jsonrpc: "2.0", error: { code } })

  it.effect("is judged by the table, with what the table reads of the body", () =>
    Effect.gen(function* () {
      expect(yield* remote(() => refusal(-32602), {}, refusing()).submit()).toMatchObject({
        _tag: "Rejected",
        reason: { _tag: "Invalid" },
        evidence: { stage: "submit", status: 200, code: "-32602" },
      })
      expect(yield* remote(() => refusal(-32001), {}, refusing()).look()).toMatchObject({
        _tag: "Lost",
        reason: { _tag: "Gone" },
      })
    }),
  )

  it.effect("may say a status, a code, a message and a hint of its own", () =>
    Effect.gen(function* () {
      const retryAfter = Duration.seconds(7)
      const said = { status: 429, code: "slow_down", message: developer("slower"), retryAfter }
      expect(yield* remote(() => refusal(1), {}, refusing(said)).submit()).toEqual({
        _tag: "Rejected",
        reason: { _tag: "RateLimited", retryAfter },
        evidence: { stage: "submit", status: 429, code: "slow_down", message: developer("slower") },
      })
      expect(yield* remote(() => refusal(1), {}, refusing({ status: 401 })).look()).toMatchObject({
        _tag: "Unseen",
        reason: { _tag: "Unauthenticated" },
      })
    }),
  )

  it.effect("that no row knows leaves a submit in doubt and a look without news", () =>
    Effect.gen(function* () {
      const service = remote(() => refusal(7), {}, refusing())
      const reason = { _tag: "Unrecognised", code: "7" }
      expect(yield* service.submit()).toMatchObject({ _tag: "Uncertain", reason })
      expect(yield* service.look()).toMatchObject({ _tag: "Unseen", reason })
    }),
  )
})

describe("a hint in the body of a success", () => {
  const retryAfter = Duration.seconds(30)
  const paced = with_({
    accepted: (_, asked) => Result.succeed({ handle: HandleOf.of(asked, { id: "1" }), retryAfter }),
    observed: () => Result.succeed({ _tag: "Pending", word: "working", retryAfter }),
  })

  it.effect("is kept like one in a header, and the longer of the two counts", () =>
    Effect.gen(function* () {
      for (const [header, longest] of [
        [{}, 30],
        [{ "retry-after": "5" }, 30],
        [{ "retry-after": "60" }, 60],
      ] as const) {
        const service = remote(() => answer(200, {}, header), {}, paced)
        expect(yield* service.submit()).toMatchObject({ _tag: "Accepted", retryAfter: Duration.seconds(longest) })
        expect(yield* service.look()).toEqual({
          _tag: "Observed",
          observation: { _tag: "Pending", word: "working" },
          retryAfter: Duration.seconds(longest),
        })
      }
    }),
  )
})

describe("an address that the service gave", () => {
  const at = (path: string) => with_({ look: () => ({ method: "GET", path }) })

  it.effect("stands for itself under the base's origin", () =>
    Effect.gen(function* () {
      const url = "https://api.service.test/other/ops/1?api-version=3"
      const service = remote(() => answer(200, { status: "x" }), {}, at(url))
      expect((yield* service.look())._tag).toBe("Observed")
      expect(service.sent.map(urlOf)).toEqual([url])
    }),
  )

  it.effect("keeps its own query, and gets what is asked beside it", () =>
    Effect.gen(function* () {
      const path = "https://api.service.test/ops/1?api-version=3"
      const look = () => ({ method: "GET", path, query: { wait: "true" } })
      const service = remote(() => answer(200, { status: "x" }), {}, with_({ look }))
      yield* service.look()
      expect(service.sent.map(urlOf)).toEqual([`${path}&wait=true`])
    }),
  )

  it.effect.each([
    "https://evil.test/ops/1",
    "http://api.service.test/ops/1",
    "https://api.service.test:444/ops/1",
    "https://api.service.test@evil.test/",
    "HTTPS://EVIL.test/",
    "https:evil.test/x",
  ])("that leads away is not sent to: %s", (path) =>
    Effect.gen(function* () {
      const service = remote(() => answer(200, { status: "x" }), {}, at(path))
      expect(yield* service.look()).toMatchObject({ _tag: "Unseen", reason: { _tag: "Invalid" } })
      expect(service.sent).toEqual([])
    }),
  )
})

describe("a request", () => {
  it.effect("may be a form, and may carry headers of its own, but never another credential", () =>
    Effect.gen(function* () {
      const form = Multipart.write([{ name: "purpose", value: "context" }])
      const headers = { "idempotency-key": "k1", authorization: "Bearer mine" }
      const submit = () => ({ method: "POST", path: "/files", headers, form })
      const service = remote(() => answer(200, { id: "1" }), {}, with_({ submit }))
      expect((yield* service.submit())._tag).toBe("Accepted")
      const [sent] = service.sent
      expect(sent?.request.headers).toMatchObject({ "content-type": form.contentType, "idempotency-key": "k1" })
      expect(Exchange.reveal(sent?.request.headers["authorization"] ?? "")).toBe(`Bearer ${apiKey}`)
      expect(sent?.request.body).toEqual(form.body)
    }),
  )
})

describe("a refusal that may name the work all the same", () => {
  const verdicts: ReadonlyArray<Verdict.Verdict> = [
    {
      stage: "submit",
      status: 408,
      truth: "Rejected",
      adopts: true,
      reason: { _tag: "UpgradeRequired", changes: { async: true } },
      source: "a page",
    },
  ]

  it.effect("is an acceptance where it does", () =>
    Effect.gen(function* () {
      const service = remote(() => answer(408, { id: "task-1" }), {}, { verdicts })
      expect(yield* service.submit()).toMatchObject({ _tag: "Accepted", handle: { id: "task-1" } })
    }),
  )

  it.effect("and a refusal where it does not, with what the service wants and when", () =>
    Effect.gen(function* () {
      const service = remote(() => answer(408, {}, { "retry-after": "7" }), {}, { verdicts })
      const changes = { async: true }
      expect(yield* service.submit()).toMatchObject({
        _tag: "Rejected",
        reason: { _tag: "UpgradeRequired", changes, retryAfter: Duration.seconds(7) },
        evidence: { stage: "submit", status: 408 },
      })
    }),
  )

  it.effect("another refusal that names work is a refusal", () =>
    Effect.gen(function* () {
      const service = remote(() => answer(422, { id: "task-1" }))
      expect((yield* service.submit())._tag).toBe("Rejected")
    }),
  )
})

describe("what is kept as evidence", () => {
  const names = (body: unknown): Readonly<Record<string, string>> =>
    typeof body === "object" && body !== null && "run" in body ? { run: String(body.run) } : {}

  it.effect.each([
    ["a refusal", answer(422, { run: "r1" }), "submit"],
    ["an answer that nobody can read", answer(200, { run: "r1" }), "submit"],
    ["a failed look", answer(500, { run: "r1" }), "look"],
  ] as const)("further names are read from %s", ([, response, stage]) =>
    Effect.gen(function* () {
      const service = remote(() => response, {}, { names })
      expect(yield* stage === "submit" ? service.submit() : service.look()).toMatchObject({
        evidence: { also: { run: "r1" } },
      })
    }),
  )

  it.effect.each([
    ["names", { names: (body: unknown) => Reflect.get(Object(body), "run").id }],
    ["trouble", { trouble: ({ body }: Provider.Refusal) => Reflect.get(Object(body), "run").id }],
  ] as const)("a reader of %s that stumbles leaves an answer that nobody could read", ([, stumbling]) =>
    Effect.gen(function* () {
      const service = remote(() => answer(500, {}), {}, stumbling)
      expect(yield* service.submit()).toMatchObject({ _tag: "Uncertain", evidence: { status: 500 } })
      expect(yield* service.look()).toMatchObject({ _tag: "Unseen" })
    }),
  )

  it.effect("the exchange that said that the work failed is named", () =>
    Effect.gen(function* () {
      const observed: Provider.Endpoint["observed"] = () =>
        Result.succeed({ _tag: "Failed", word: "failed", reason: { _tag: "Internal" } })
      const failing = () => answer(200, { run: "r1" }, { "x-request-id": "req-9" })
      const service = remote(failing, {}, { ...with_({ observed }), names })
      expect(yield* service.look()).toMatchObject({
        observation: { _tag: "Failed", requestId: "req-9", also: { run: "r1" } },
      })
    }),
  )

  it.effect("details are kept for a program and never printed", () =>
    Effect.gen(function* () {
      const details = "could not fetch https://bucket.test/take.wav?sig=5ecret"
      const service = remote(() => answer(500), {}, { trouble: () => ({ details }) })
      const seen = yield* service.look()
      assert(seen._tag === "Unseen" && seen.evidence.details !== undefined)
      expect(Redacted.value(seen.evidence.details)).toBe(details)
      expect(`${inspect(seen, { depth: 20 })}${JSON.stringify(seen)}`).not.toContain("5ecret")
    }),
  )
})

describe("an endpoint that is going to be retired", () => {
  const deprecationOf = (seen: Answer | Renewal) =>
    "deprecation" in seen
      ? seen.deprecation.sunset === undefined
        ? "some day"
        : DateTime.formatIso(seen.deprecation.sunset)
      : undefined
  it.effect.each([
    [{ "x-deprecated": "true" }, "some day"],
    [{ deprecation: "@1688169599" }, "some day"],
    [{ sunset: "Sun, 06 Nov 2034 08:49:37 GMT" }, "2034-11-06T08:49:37.000Z"],
    [{ "x-deprecated": "true", sunset: "2034-11-06" }, "2034-11-06T00:00:00.000Z"],
    [{ "x-deprecated": "true", sunset: "next year" }, "some day"],
    [{ "x-deprecated": "false" }, undefined],
    [{ deprecation: "?0" }, undefined],
    [{}, undefined],
  ] as const)("%o", ([headers, said]) =>
    Effect.gen(function* () {
      const service = remote(() => answer(200, { id: "1", status: "x" }, headers), {}, { deprecation: Deprecation.of })
      expect(deprecationOf(yield* service.submit())).toBe(said)
      expect(deprecationOf(yield* service.look())).toBe(said)
      const refused = remote(() => answer(422, {}, headers), {}, { deprecation: Deprecation.of })
      expect(deprecationOf(yield* refused.submit())).toBe(said)
    }),
  )
})

describe("a file whose link comes as a redirect", () => {
  const file = new Artifact.Artifact({ name: "document", handle, mediaType: "text/plain" })
  const verdicts: ReadonlyArray<Verdict.Verdict> = [
    { stage: "download", status: 410, truth: "Lost", reason: { _tag: "Gone" }, source: "a page" },
  ]
  const link = Link.redirect(({ name }) =>
    name === "document" ? { method: "GET", path: "/runs/1/download" } : undefined,
  )
  const renew = Effect.fnUntraced(function* (respond: () => ReturnType<typeof answer>, artifact = file) {
    const service = remote(respond, {}, { ...with_({ link }), verdicts })
    const { renew } = yield* service.shape
    const renewing = renew?.(artifact, within)
    return { sent: service.sent, renewal: renewing === undefined ? undefined : yield* renewing }
  })

  it.effect("is asked for with the credential, once, and the redirect is not followed", () =>
    Effect.gen(function* () {
      const { renewal, sent } = yield* renew(() => answer(302, "", { location: "https://store.test/1?sig=5ecret" }))
      assert(renewal?._tag === "Renewed")
      expect(renewal.artifact.link && Redacted.value(renewal.artifact.link)).toBe("https://store.test/1?sig=5ecret")
      expect(renewal.artifact).toMatchObject({ name: "document", mediaType: "text/plain" })
      expect(sent.map(urlOf)).toEqual([`${base}/runs/1/download`])
      expect(inspect(renewal, { depth: 20 })).not.toContain("5ecret")
    }),
  )

  it.effect("may lead to a place on the same host", () =>
    Effect.gen(function* () {
      const { renewal } = yield* renew(() => answer(307, "", { location: "/files/1" }))
      assert(renewal?._tag === "Renewed")
      expect(renewal.artifact.link && Redacted.value(renewal.artifact.link)).toBe("https://api.service.test/files/1")
    }),
  )

  it.effect.each([
    ["Lost", () => answer(410)],
    ["Unseen", () => answer(503)],
    ["Unseen", () => answer(200, { no: "link" })],
    ["Unseen", () => answer(302, "")],
    ["Unseen", () => answer(302, "", { location: "http://" })],
    ["Unseen", () => Effect.fail(new Unanswered({ problem: "Reset", detail: "gone" }))],
    ["Unseen", () => Effect.fail(new Unsent({ problem: "Refused", detail: "nobody" }))],
  ] as const)("%s: %o", ([truth, respond]) =>
    Effect.gen(function* () {
      const { renewal } = yield* renew(respond)
      expect(renewal).toMatchObject({ _tag: truth, evidence: { stage: "download" } })
    }),
  )

  it.effect("a file of another kind is left to a look", () =>
    Effect.gen(function* () {
      const other = new Artifact.Artifact({ name: "editor", handle })
      expect(yield* renew(() => answer(302), other)).toEqual({ sent: [], renewal: undefined })
    }),
  )
})

describe("a hint of a refusal", () => {
  it.effect("is heard from the header by itself, and from the body where the table reads one", () =>
    Effect.gen(function* () {
      const verdicts: ReadonlyArray<Verdict.Verdict> = [
        { stage: "look", status: 429, truth: "Unseen", reason: { _tag: "RateLimited" }, source: "a page" },
      ]
      const limited = () => answer(429, {}, { "retry-after": "9" })
      const after = Effect.fnUntraced(function* (trouble: Provider.Table<"service">["trouble"]) {
        const seen = yield* remote(limited, {}, { verdicts, trouble }).look()
        return seen._tag === "Unseen" && seen.reason._tag === "RateLimited" ? seen.reason.retryAfter : undefined
      })
      expect(yield* after(() => ({}))).toEqual(Duration.seconds(9))
      expect(yield* after(() => ({ retryAfter: Duration.seconds(30) }))).toEqual(Duration.seconds(30))
    }),
  )
})

describe("a cancel", () => {
  it.effect("that an endpoint does not have is not offered", () =>
    Effect.gen(function* () {
      const service = remote(() => answer(200))
      expect(yield* service.cancel(handle)).toMatchObject({ _tag: "Unseen", reason: { _tag: "NotImplemented" } })
      expect(service.sent).toEqual([])
    }),
  )

  it.effect("may be answered in its own way", () =>
    Effect.gen(function* () {
      const cancelled: Provider.Endpoint["cancelled"] = () => Result.succeed({ _tag: "Pending", word: "cancelling" })
      const cancel = ({ id }: Handle) => ({ method: "POST", path: `/${encodeURIComponent(id)}:cancel` })
      const service = remote(() => answer(200, {}), {}, with_({ cancel, cancelled }))
      expect(yield* service.cancel(handle)).toMatchObject({ observation: { word: "cancelling" } })
    }),
  )
})

describe("a delivery", () => {
  it.effect("shows what its endpoint reads from it, and nothing where it reads nothing or stumbles", () =>
    Effect.gen(function* () {
      const delivered: Provider.Endpoint["delivered"] = (body) =>
        body === 1 ? Result.succeed({ _tag: "Cancelled", word: `with ${apiKey}` }) : Result.fail("no")
      const reads = yield* remote(() => answer(200), {}, with_({ delivered })).shape
      expect(reads.heard?.(handle, 1)).toEqual({ _tag: "Cancelled", word: "with [credential]" })
      expect(reads.heard?.(handle, 2)).toBeUndefined()
      expect(reads.heard?.({ ...handle, operation: "constructor" }, 1)).toBeUndefined()
      const thin = yield* remote(() => answer(200)).shape
      expect(thin.heard?.(handle, 1)).toBeUndefined()
      const broken = yield* remote(
        () => answer(200),
        {},
        with_({ delivered: (body) => Reflect.get(Object(body), "x").y }),
      ).shape
      expect(broken.heard?.(handle, 1)).toBeUndefined()
    }),
  )
})

describe("a budget of the table", () => {
  const budget = Budget.of({ deeds: ["Submit"], requests: 1, window: Duration.seconds(60) })

  it.effect("holds back what it names, and nothing else; each connection has its own", () =>
    Effect.gen(function* () {
      const [one, other] = yield* Effect.all([
        remote(() => answer(200), {}, { budget }).shape,
        remote(() => answer(200), {}, { budget }).shape,
      ])
      const ask = (shape: typeof one, deed: "Submit" | "Look") =>
        shape.admit?.(deed, Duration.zero) ?? Effect.die("none")
      expect(yield* ask(one, "Submit")).toBeUndefined()
      expect(yield* ask(one, "Submit")).toEqual(Duration.seconds(61))
      expect(yield* ask(one, "Look")).toBeUndefined()
      expect(yield* ask(other, "Submit")).toBeUndefined()
      expect((yield* remote(() => answer(200)).shape).admit).toBeUndefined()
    }),
  )

  it.effect("hears a refusal that a renewal was told", () =>
    Effect.gen(function* () {
      const limited: ReadonlyArray<Verdict.Verdict> = [
        { stage: "download", status: 429, truth: "Unseen", reason: { _tag: "RateLimited" }, source: "a page" },
      ]
      const shape = yield* remote(
        () => answer(429, {}, { "retry-after": "9" }),
        {},
        {
          budget: Budget.of({ deeds: ["Look"] }),
          verdicts: limited,
          ...with_({ link: Link.redirect(() => ({ method: "GET", path: "/file" })) }),
        },
      ).shape
      const artifact = new Artifact.Artifact({ handle, name: "document" })
      expect((yield* shape.renew?.(artifact, within) ?? Effect.die("none"))._tag).toBe("Unseen")
      expect(yield* shape.admit?.("Look", Duration.zero) ?? Effect.die("none")).toEqual(Duration.seconds(9))
    }),
  )

  it.effect("hears a refusal that any request was told", () =>
    Effect.gen(function* () {
      const limited: ReadonlyArray<Verdict.Verdict> = [
        { stage: "submit", status: 429, truth: "Rejected", reason: { _tag: "RateLimited" }, source: "a page" },
      ]
      const rule = Budget.of({ deeds: ["Submit", "Look"] })
      const shape = yield* remote(
        () => answer(429, {}, { "retry-after": "9" }),
        {},
        { budget: rule, verdicts: limited },
      ).shape
      yield* shape.perform({ _tag: "Submit", request, within })
      expect(yield* shape.admit?.("Look", Duration.zero) ?? Effect.die("none")).toEqual(Duration.seconds(9))
    }),
  )
})
