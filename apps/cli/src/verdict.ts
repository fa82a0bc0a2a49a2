/** Ends a command that worked at an operation: says how it went, how to go on, and with which number it exits. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Schema from "effect/Schema"
import type * as Failure from "@tenuto/core/Failure"
import type { Handle } from "@tenuto/core/Handle"
import * as HandleOf from "@tenuto/core/Handle"
import { Unusable } from "@tenuto/core/Journal"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import type * as Operation from "@tenuto/core/Operation"
import { isRepeatable } from "@tenuto/core/Contract"
import * as Remedy from "@tenuto/core/Remedy"
import type { Unwritten } from "@tenuto/transport-node/AtomicFile"
import { type Ended, ended } from "./exit.ts"
import * as Report from "./report.ts"
import * as Screen from "./screen.ts"
import { variableOf } from "./services.ts"
import type { Settings } from "./session.ts"
import { quote } from "./text.ts"
import * as Words from "./words.ts"

/** What is needed to write a command line that goes on with the work. */
export interface Context extends Settings {
  readonly operation: Operation.Any
  readonly isJson: boolean
  /** The draft's input, as it can be given again; absent for work that began with a handle. */
  readonly input?: string
  /** Where the files were to go. */
  readonly out?: Option.Option<string>
}

type Trouble = Failure.Failure | Unusable | Unwritten

const flags = ({ account = Option.none(), baseUrl, journal, set }: Settings): ReadonlyArray<string> => [
  ...Option.match(baseUrl, { onNone: () => [], onSome: (url) => ["--base-url", url] }),
  ...set.flatMap((setting) => ["--set", setting]),
  ...Option.match(journal, { onNone: () => [], onSome: (file) => ["--journal", file] }),
  ...Option.match(account, { onNone: () => [], onSome: (name) => ["--account", name] }),
]
const toOut = ({ out = Option.none() }: Pick<Context, "out">): ReadonlyArray<string> =>
  Option.match(out, { onNone: () => [], onSome: (directory) => ["--out", directory] })
const line = (words: ReadonlyArray<string>): string => words.map(quote).join(" ")

/** The command that waits for accepted work. */
export const settling = (context: Settings & Pick<Context, "out">, handle: Handle): string =>
  line(["tenuto", "settle", HandleOf.write(handle), ...flags(context), ...toOut(context)])

/** The command that fetches the files of finished work. */
export const downloading = (context: Pick<Context, "baseUrl" | "out" | "set">, handle: Handle): string =>
  line([
    "tenuto",
    "download",
    HandleOf.write(handle),
    ...flags({ baseUrl: context.baseUrl, set: context.set, journal: Option.none() }),
    ...toOut(context),
  ])

/** The command that asks for the same work again: under its key, or freely where asking twice does nothing twice. */
const resuming = ({ input, operation, ...context }: Context, key: string | undefined): string | undefined =>
  input === undefined || !isRepeatable(operation.contract)
    ? undefined
    : line([
        "tenuto",
        "run",
        operation.service,
        operation.name,
        "--input",
        input,
        ...(key === undefined ? [] : ["--key", key]),
        ...flags(context),
        ...toOut(context),
      ])

/**
 * The command that goes on with work whose submit was lost, once a person has found it at the service. Where it may not
 * be sent again nothing else can be done with it.
 */
const reconciling = (context: Context, state: Lifecycle.State | undefined): string | undefined => {
  if (state === undefined || Lifecycle.isAccepted(state) || Lifecycle.truthOf(state) !== "Uncertain") return undefined
  if (isRepeatable(context.operation.contract)) return undefined
  return settling(context, HandleOf.of(state.request, { id: "ID" }))
}

/** The command that goes on from a state, where there is one. */
const goingOn = (context: Context, state: Lifecycle.State | undefined): string | undefined => {
  if (state === undefined) return undefined
  if (state._tag === "Settled") {
    const { handle, ...ended } = state.outcome
    const isThere = ended._tag === "Observed" && ended.observation._tag === "Succeeded"
    return isThere ? downloading(context, handle) : undefined
  }
  if (state._tag === "Pending") return settling(context, state.handle)
  return resuming(context, state.request.key)
}

const isOf = (failure: Trouble): failure is Failure.Failure =>
  failure._tag !== "Unusable" && failure._tag !== "Unwritten"

const wayOut = (failure: Trouble, context: Context, state: Lifecycle.State | undefined): string | undefined => {
  switch (failure._tag) {
    case "Uncertain":
      return resuming(context, failure.key)
    case "Overdue":
    case "InputRequired":
    case "Unseen":
      if (failure.handle === undefined) return undefined
      return failure.evidence.stage === "download"
        ? downloading(context, failure.handle)
        : settling(context, failure.handle)
    case "Unusable":
    case "Unwritten":
      return goingOn(context, state)
    case "Rejected":
      return Remedy.of(failure, context.operation.contract)._tag === "Resend" ? goingOn(context, state) : undefined
    case "Failed":
    case "Cancelled":
    case "Expired":
    case "Lost":
      return undefined
  }
}

/** Say that it went well, and end. */
export const succeed = (
  context: Context,
  outcome: string,
  handle: Handle | undefined,
  output: Schema.Json | undefined,
): Effect.Effect<void> => {
  if (!context.isJson) return Screen.out(JSON.stringify(output ?? handle, undefined, output === undefined ? 0 : 2))
  return Screen.json({ outcome, handle: handle ?? null, ...(output === undefined ? {} : { output }) })
}

/** Say what is true, why, and what to do; end with the number of that truth. */
export const fail = Effect.fnUntraced(function* (
  context: Context,
  report: Report.Report,
  failure: Trouble,
): Effect.fn.Return<never, Ended> {
  const state = yield* report.state
  const handle = ("handle" in failure ? failure.handle : undefined) ?? Report.handleOf(state)
  const command = wayOut(failure, context, state)
  const reconcile = failure._tag === "Uncertain" ? reconciling(context, state) : undefined
  if (context.isJson) {
    const said =
      failure._tag === "Unwritten" ? { path: failure.path, message: failure.message } : Report.failureJson(failure)
    yield* Screen.json({
      outcome: failure._tag,
      handle: handle ?? null,
      failure: said,
      ...(command === undefined ? {} : { goOn: command }),
      ...(reconcile === undefined ? {} : { reconcile }),
    })
  }
  yield* Screen.tell(`tenuto: ${failure.message}`)
  if (isOf(failure)) {
    const remedy = Remedy.of(failure, context.operation.contract)
    const where = remedy._tag === "Authenticate" ? ` (it is read from ${variableOf(failure.service)})` : ""
    yield* Screen.tell(`  what now: ${Words.advised(remedy)}${where}`)
  }
  if (command !== undefined) yield* Screen.tell(`  go on with: ${command}`)
  if (reconcile !== undefined) yield* told(reconcile)
  return yield* ended(failure._tag)
})

const told = (reconcile: string): Effect.Effect<void> =>
  Effect.andThen(
    Screen.tell(`  if it is there, put its id in the place of ID and go on with: ${reconcile}`),
    Screen.tell("  if it is not, run the command again under another --reference; nothing is sent again by itself"),
  )

/** Say that the wait was interrupted, that the work was not, and how to go on. */
export const interrupted = Effect.fnUntraced(function* (context: Context, report: Report.Report) {
  const state = yield* report.state
  const command = goingOn(context, state)
  const reconcile = reconciling(context, state)
  const handle = Report.handleOf(state)
  const truth =
    state === undefined ||
    (state._tag !== "Pending" && state._tag !== "Settled" && Lifecycle.truthOf(state) === "Rejected")
      ? "nothing has started at the service"
      : state._tag === "Pending"
        ? `${state.handle.id} is still running at the service; nothing was cancelled`
        : state._tag === "Settled"
          ? "the work had already ended"
          : "the request may have been accepted; nothing was cancelled"
  if (context.isJson) {
    yield* Screen.json({
      outcome: "Interrupted",
      handle: handle ?? null,
      ...(command === undefined ? {} : { goOn: command }),
      ...(reconcile === undefined ? {} : { reconcile }),
    })
  }
  yield* Screen.tell(`tenuto: interrupted; ${truth}`)
  if (command !== undefined) yield* Screen.tell(`  go on with: ${command}`)
  if (reconcile !== undefined) yield* told(reconcile)
})

/** Run a piece of work to its end, whatever that is. */
export const conclude = <A, R>(
  context: Context,
  report: Report.Report,
  work: Effect.Effect<A, Trouble, R>,
): Effect.Effect<A, Ended, R> =>
  report.watching(work).pipe(
    Effect.catch((failure) => fail(context, report, failure)),
    Effect.onInterrupt(() => interrupted(context, report)),
  )
