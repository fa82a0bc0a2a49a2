/** Opens a piece of work to be driven: from a draft, from a handle, or from what a journal holds. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type * as Scope from "effect/Scope"
import { isKeyed } from "../Contract.ts"
import { Rejected, Unseen } from "../Failure.ts"
import * as Handle from "../Handle.ts"
import * as Journal from "../Journal.ts"
import * as Key from "../Key.ts"
import * as Lifecycle from "../Lifecycle.ts"
import * as Misuse from "../Misuse.ts"
import type * as Operation from "../Operation.ts"
import type { Issue, Reason } from "../Reason.ts"
import * as Remote from "../Remote.ts"
import { bounded } from "./bounded.ts"
import { excess } from "./size.ts"

/** Work that this process holds, with the events its journal does not know yet. */
export interface Job<O extends Operation.Any> {
  readonly operation: O
  readonly remote: Remote.Shape
  readonly page: Journal.Page
  readonly entry: string
  readonly state: Lifecycle.State
  readonly unsaved: ReadonlyArray<Lifecycle.Event>
}

type Needs<O extends Operation.Any> = Remote.Remote<O["service"]> | Journal.Journal | Scope.Scope

/** A key, or a reference where there are no keys, names the work: asking again finds it. */
export const fromDraft = /* @__PURE__ */ Effect.fnUntraced(function* <O extends Operation.Any>(
  draft: Operation.Draft<O>,
): Effect.fn.Return<Job<O>, Rejected | Journal.Unusable, Needs<O>> {
  const { operation } = draft
  yield* Misuse.check(Misuse.name("key", draft.key) ?? Misuse.name("reference", draft.reference))
  const { contract, name, service } = operation
  const at = yield* DateTime.now
  const reject = (reason: Reason) =>
    new Rejected({ service, operation: name, reason, evidence: { stage: "draft" }, at })
  const most = (yield* Journal.Journal).maxInputBytes ?? Journal.maxInputBytes
  const input = yield* Effect.suspend(() => {
    // A file would first become text, several times over, and then stay in the journal.
    const tooLarge = excess(draft.input, most)
    if (tooLarge !== undefined) return Effect.fail(reject({ _tag: "Invalid", issues: [tooLarge] }))
    return Effect.mapError(encode(operation, draft.input), ({ issue }) =>
      reject({ _tag: "Invalid", issues: issuesOf(issue) }),
    )
  }).pipe(Effect.catchDefect(() => Effect.fail(reject({ _tag: "Invalid", issues: [unreadable(operation)] }))))
  const remote = yield* remoteOf<O>(operation)
  const key = isKeyed(contract) ? (draft.key ?? (yield* Key.mint)) : undefined
  // Where a lost submit can be found by nothing but our own name for it, it always has one.
  const reference =
    draft.reference ?? (contract.idempotency._tag === "Referenced" ? (draft.key ?? (yield* Key.mint)) : undefined)
  // A service that checks no keys is not sent one; the journal still knows the work by it.
  const entry = `${service}/${name}/${key ?? draft.key ?? reference ?? (yield* Key.mint)}`
  const request: Lifecycle.Request = {
    entry,
    service,
    origin: remote.origin,
    operation: name,
    input,
    ...(key === undefined ? {} : { key }),
    ...(reference === undefined ? {} : { reference }),
  }
  const page = yield* claim(entry, remote)
  const drafted: Lifecycle.Event = { _tag: "Drafted", at, request }
  const [first] = page.history
  if (first === undefined) return { operation, remote, page, entry, state: begun(drafted), unsaved: [drafted] }
  const state = yield* folded(entry, page)
  const last = page.history.findLast((event) => event._tag === "Drafted")
  // Law 4: a changed body never goes out under an old key, nor while what went out under our own name may have started.
  const isChanged = last !== undefined && !Equal.equals(last.request, request)
  if (isChanged && !Lifecycle.mayChange(state))
    return yield* reject({ _tag: "Conflict", ...(key === undefined ? {} : { over: "Key" }) })
  return state._tag === "Stopped" || isChanged
    ? { operation, remote, page, entry, state: Lifecycle.apply(state, drafted), unsaved: [drafted] }
    : { operation, remote, page, entry, state, unsaved: [] }
})

/** A handle is enough to go on, whether or not this journal has seen it before. */
export const fromHandle = /* @__PURE__ */ Effect.fnUntraced(function* <O extends Operation.Any>(
  operation: O,
  handle: Handle.Handle,
): Effect.fn.Return<Job<O>, Unseen | Journal.Unusable, Needs<O>> {
  const remote = yield* remoteFor(operation, handle)
  const entry = handle.entry ?? `${handle.service}/${handle.operation}/handle/${handle.id}`
  const page = yield* claim(entry, remote)
  const accepted: Lifecycle.Event = { _tag: "Accepted", at: yield* DateTime.now, handle }
  if (page.history.length > 0) {
    const state = yield* folded(entry, page)
    if (Lifecycle.isAccepted(state)) {
      const { id } = Lifecycle.handleOf(state)
      // What a service did not know once it may know again: being asked is a reason to look. The entry stays as it is.
      const isLost = state._tag === "Settled" && state.outcome._tag === "Lost"
      if (id === handle.id && isLost) {
        const unkept = { history: page.history, append: () => Effect.void }
        return { operation, remote, page: unkept, entry, state: begun(accepted), unsaved: [] }
      }
      if (id === handle.id) return { operation, remote, page, entry, state, unsaved: [] }
      const message = `the journal knows ${entry} as ${id}, not as ${handle.id}; settle the handle without its entry`
      return yield* unseen(handle, yield* DateTime.now, { path: ["entry"], message })
    }
  }
  return { operation, remote, page, entry, state: begun(accepted), unsaved: [accepted] }
})

/** Go on with an entry of the journal; the operation is found by its name. */
export const fromEntry = /* @__PURE__ */ Effect.fnUntraced(function* <O extends Operation.Any>(
  operations: ReadonlyArray<O>,
  { account, entry }: Required<Journal.Unsettled>,
): Effect.fn.Return<Job<O>, Unseen | Journal.Unusable, Needs<O>> {
  const page = yield* claimOf(entry, account)
  const state = yield* folded(entry, page)
  const subject = Lifecycle.subjectOf(state)
  const operation = operations.find(({ name, service }) => service === subject.service && name === subject.operation)
  if (operation === undefined) {
    const issue = { path: ["operation"], message: `${subject.operation} is not among the operations to recover` }
    return yield* unseen(subject, yield* DateTime.now, issue)
  }
  const remote = yield* remoteTo(operation, subject)
  return { operation, remote, page, entry, state, unsaved: [] }
})

/** The remote of an operation, for a handle that a caller brings. */
export const remoteFor = <O extends Operation.Any>(
  operation: O,
  handle: Handle.Handle,
): Effect.Effect<Remote.Shape, Unseen, Remote.Remote<O["service"]>> =>
  Effect.andThen(
    Misuse.check(Misuse.handle(handle)),
    Effect.suspend(() => remoteTo(operation, handle)),
  )

/** The remote of an operation, once it is clear that the work belongs to it. */
const remoteTo = /* @__PURE__ */ Effect.fnUntraced(function* <O extends Operation.Any>(
  operation: O,
  subject: Handle.Subject,
): Effect.fn.Return<Remote.Shape, Unseen, Remote.Remote<O["service"]>> {
  const remote = yield* remoteOf<O>(operation)
  const here = { service: operation.service, origin: remote.origin, operation: operation.name }
  const issue = Handle.mismatch(subject, here)
  return issue === undefined ? remote : yield* unseen(subject, yield* DateTime.now, issue)
})

const unseen = (subject: Handle.Subject, at: DateTime.Utc, issue: Issue) =>
  new Unseen({
    service: subject.service,
    operation: subject.operation,
    reason: { _tag: "Invalid", issues: [issue] },
    evidence: { stage: "look" },
    at,
  })

const remoteOf = <O extends Operation.Any>(
  operation: O,
): Effect.Effect<Remote.Shape, never, Remote.Remote<O["service"]>> =>
  Effect.service(Remote.of<O["service"]>(operation.service))

/** The account that a remote works for; a service that asks for no credential has one account, which has no name. */
export const accountOf = ({ account }: Remote.Shape) =>
  account === undefined ? Effect.succeed("") : Journal.nameOf(account)

/** Claim an entry; what a clock that ran ahead wrote into it is bounded by the present. */
const claimOf = (entry: string, account: string) =>
  Effect.zipWith(
    Effect.flatMap(Journal.Journal, (journal) => journal.claim(entry, account)),
    DateTime.now,
    (page, now): Journal.Page => ({ ...page, history: page.history.map((event) => bounded(event, now)) }),
  )
const claim = (entry: string, remote: Remote.Shape) =>
  Effect.flatMap(accountOf(remote), (account) => claimOf(entry, account))

const folded = (entry: string, page: Journal.Page): Effect.Effect<Lifecycle.State, Journal.Unusable> => {
  const state = Lifecycle.fold(page.history)
  // A question from before this wait may have been answered: poll before it is told again.
  if (state?._tag === "Pending" && state.last?._tag === "InputRequired")
    return Effect.map(DateTime.now, (at) => Lifecycle.apply(state, { _tag: "Prompted", at }))
  if (state !== undefined) return Effect.succeed(state)
  const detail = `the entry ${entry} begins with neither a draft nor an acceptance`
  return Effect.fail(new Journal.Unusable({ journal: "of this program", problem: "Corrupt", detail }))
}

/** `Drafted` and `Accepted` always begin a state: see `Lifecycle.begin`. */
const begun = (event: Lifecycle.EventOf<"Drafted" | "Accepted">) => Lifecycle.begin(event) as Lifecycle.State

/** A schema of another copy of effect breaks; so does one that runs out of stack, and a member that throws. */
const unreadable = ({ input, service }: Operation.Any): Issue => ({
  path: [],
  message:
    Object.getPrototypeOf(input) === Object.getPrototypeOf(Schema.Struct({}))
      ? "it cannot be read: it is nested too deep, or throws when it is read"
      : `there are two copies of effect, and ${service} uses the other one; \`npm ls effect\` shows both: keep one version`,
})

const encode = (operation: Operation.Any, input: unknown) =>
  Schema.encodeUnknownEffect(operation.input, { errors: "all", onExcessProperty: "error" })(input)

const formatIssues = SchemaIssue.makeFormatterStandardSchemaV1()
const issuesOf = (issue: SchemaIssue.Issue): ReadonlyArray<Issue> =>
  formatIssues(issue).issues.map(({ message, path }) => ({
    message,
    path: (path ?? []).map((part) => {
      const name = typeof part === "object" ? part.key : part
      return typeof name === "number" ? name : String(name)
    }),
  }))
