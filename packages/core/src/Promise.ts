/**
 * The same verbs for code that does not use Effect.
 *
 * Every promise rejects with the failure itself (`error._tag` says the truth, `error.reason._tag` why); aborting a signal
 * rejects with the signal's reason and leaves the work going on at the service.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Client from "./Client.ts"
import type { Handle } from "./Handle.ts"
import * as Inbox from "./Inbox.ts"
import { snapshot } from "./internal/snapshot.ts"
import * as Journal from "./Journal.ts"
import * as Misuse from "./Misuse.ts"
import type { Observation } from "./Observation.ts"
import type * as Operation from "./Operation.ts"
import type * as Remote from "./Remote.ts"

/** What a provider package exports: its operations by name, and the layer that connects them. */
export interface Provider<Operations extends Record<string, Operation.Any>, Settings, Needs> {
  readonly operations: Operations
  readonly layer: (
    settings: Settings,
  ) => Layer.Layer<Remote.Remote<Operations[keyof Operations]["service"]>, never, Needs>
}

/**
 * How to connect: the provider's settings, a transport, a journal when the work must outlive the process, and the inbox
 * that a receiver of webhooks fills (`Inbox.makeMemory()`).
 */
export type Options<Settings, Needs> = Settings & {
  readonly transport: Layer.Layer<Needs>
  readonly journal?: Layer.Layer<Journal.Journal, Journal.Unusable>
  readonly inbox?: Inbox.Inbox
}

/** How long to wait, with its unit, and a signal that ends the wait. */
export interface Wait {
  readonly within?: Misuse.Span
  readonly signal?: AbortSignal
}

/** The verbs of one connected service. Each also rejects with `Unusable` when the journal cannot be used. */
export interface Connection<Operations extends Record<string, Operation.Any>, Needs> extends AsyncDisposable {
  /**
   * Submit, wait until the work is settled and return its output. Rejects with `Rejected`, `Uncertain`, `Failed`,
   * `Cancelled`, `Expired`, `Lost`, `Overdue`, `InputRequired` or `Unseen`.
   */
  readonly run: <Name extends keyof Operations>(
    name: Name,
    input: Operation.Input<Operations[Name]>,
    options?: Wait & Operation.Options,
  ) => Promise<Operation.Output<Operations[Name]>>
  /** Submit and return the handle. Rejects with `Rejected` or `Uncertain`. */
  readonly submit: <Name extends keyof Operations>(
    name: Name,
    input: Operation.Input<Operations[Name]>,
    options?: Wait & Operation.Options,
  ) => Promise<Handle>
  /** Look once. Rejects with `Unseen` or `Lost`. */
  readonly look: (name: keyof Operations, handle: Handle, options?: Pick<Wait, "signal">) => Promise<Observation>
  /**
   * Wait until the work behind a handle is settled and return its output. Rejects with `Failed`, `Cancelled`, `Expired`,
   * `Lost`, `Overdue`, `InputRequired` or `Unseen`.
   */
  readonly settle: <Name extends keyof Operations>(
    name: Name,
    handle: Handle,
    options?: Wait,
  ) => Promise<Operation.Output<Operations[Name]>>
  /** Ask the service to cancel the work, and say what that did. Rejects with `Unseen` or `Lost`. */
  readonly cancel: (
    name: keyof Operations,
    handle: Handle,
    options?: Pick<Wait, "signal">,
  ) => Promise<Client.Cancellation>
  /**
   * Answer the question of work that waits for its caller (`InputRequired`), and say what the service shows of it then;
   * settle it afterwards. `input` is JSON. Rejects with `Unseen` or `Lost`.
   */
  readonly answer: (
    name: keyof Operations,
    handle: Handle,
    input: Schema.Json,
    options?: Pick<Wait, "signal">,
  ) => Promise<Observation>
  /**
   * Go on with everything the journal holds open for this account; each entry has its own result. `others` says how many
   * entries of other accounts are open; they are not touched.
   */
  readonly recover: (
    options?: Wait,
  ) => Promise<ReadonlyArray<Client.Recovered<Operations[keyof Operations]>> & Pick<Client.Unsettled, "others">>
  /**
   * Run any effect with the connected services, such as a download, or `Journal.prune({ olderThan: "30 days" })`. Rejects
   * with its own failure.
   */
  readonly perform: <A, E>(
    effect: Effect.Effect<A, E, Remote.Remote<Operations[keyof Operations]["service"]> | Journal.Journal | Needs>,
    options?: Pick<Wait, "signal">,
  ) => Promise<A>
  /** Close sockets and files. Waits that go on are interrupted; the work is not. */
  readonly close: () => Promise<void>
}

/**
 * Connect to a service. Nothing is opened before the first verb, and everything is closed by `close` or `await using`.
 *
 * @example
 * ```ts
 * import { connect } from "@tenuto/core/Promise"
 * import * as Soundpiece from "@tenuto/soundpiece"
 * import { nodeTransport } from "@tenuto/transport-node"
 *
 * // `order` is a UUID of yours: asked again, in whatever process, it is the same song.
 * export const sing = async (apiKey: string, order: string, signal: AbortSignal) => {
 *   await using soundpiece = connect(Soundpiece, { apiKey, transport: nodeTransport() })
 *   return await soundpiece.run(
 *     "create.new_song",
 *     { lyrics: "Hold the note", prompt: "Slow waltz" },
 *     { key: order, within: "5 minutes", signal },
 *   )
 * }
 * ```
 */
export const connect = <Operations extends Record<string, Operation.Any>, Settings, Needs>(
  provider: Provider<Operations, Settings, Needs>,
  options: Options<Settings, Needs>,
): Connection<Operations, Needs> => {
  const scope = Scope.makeUnsafe()
  const misuse = misuseOf(provider, options)
  const going = new Set<Fiber.Fiber<unknown, unknown>>()
  const waits = new Map<AbortSignal, Waits>()
  let closed: DOMException | undefined
  let services: ReturnType<typeof build> | undefined
  const build = () => Effect.runPromiseExit(Layer.buildWithScope(layerOf(provider, options), scope))
  const perform: Connection<Operations, Needs>["perform"] = async (effect, wait) => {
    const wrong = misuse ?? misuseOfSignal(wait?.signal)
    if (wrong !== undefined) return Promise.reject(wrong)
    const signal = wait?.signal
    const ended = (): { readonly reason: unknown } | undefined =>
      signal?.aborted === true ? { reason: signal.reason } : closed && { reason: closed }
    const before = ended()
    if (before !== undefined) return Promise.reject(before.reason)
    const building = (services ??= build())
    const built = await building
    // What could not be opened may have been mended when it is asked for again.
    if (Exit.isFailure(built) && services === building) services = undefined
    const meanwhile = ended()
    if (meanwhile !== undefined) return Promise.reject(meanwhile.reason)
    const fiber = Effect.runFork(Effect.flatMap(built, (context) => Effect.provideContext(effect, context)))
    going.add(fiber)
    const leave = signal === undefined ? () => {} : join(waits, signal, fiber)
    const exit = await Effect.runPromise(Fiber.await(fiber))
    going.delete(fiber)
    leave()
    if (Exit.isSuccess(exit)) return exit.value
    const end = Cause.hasInterrupts(exit.cause) ? ended() : undefined
    return Promise.reject(end === undefined ? Cause.squash(exit.cause) : end.reason)
  }
  const close = async (hint = "") => {
    const message = `the connection to the service was closed; the work there goes on${hint}`
    closed ??= new DOMException(message, "AbortError")
    // What has happened is saved and what was held is given back before the journal closes.
    await Effect.runPromise(Fiber.interruptAll(going))
    return Effect.runPromise(Scope.close(scope, Exit.void))
  }
  /** The operation of this name, or why there is none. */
  const on = async <Name extends keyof Operations, A, E>(
    name: Name,
    verb: (
      operation: Operations[Name],
    ) => Effect.Effect<A, E, Remote.Remote<Operations[Name]["service"]> | Journal.Journal>,
    wait: Pick<Wait, "signal"> | undefined,
  ): Promise<A> => {
    if (misuse === undefined && !Object.hasOwn(provider.operations, name)) {
      const wanted = `one of ${Object.keys(provider.operations).join(", ")}`
      return Promise.reject(Misuse.of(`the operation ${JSON.stringify(name)}`, undefined, wanted))
    }
    const wrong = misuse ?? misuseOfOptions(wait)
    // What was handed over is read now, whatever becomes of it before the journal is open.
    return wrong === undefined ? perform(verb(provider.operations[name]), wait) : Promise.reject(wrong)
  }
  return {
    run: (name, input, wait) => on(name, (operation) => Client.run(draft(operation, input, wait), wait), wait),
    submit: (name, input, wait) => on(name, (operation) => Client.submit(draft(operation, input, wait), wait), wait),
    look: (name, handle, wait) => on(name, (operation) => Client.look(operation, handle), wait),
    settle: (name, handle, wait) => on(name, (operation) => Client.settle(operation, handle, wait), wait),
    cancel: (name, handle, wait) => on(name, (operation) => Client.cancel(operation, handle), wait),
    answer: (name, handle, input, wait) => on(name, (operation) => Client.answer(operation, handle, input), wait),
    recover: (wait) =>
      perform(
        Effect.suspend(() => Client.recover(listed(provider.operations), wait)),
        wait,
      ),
    perform,
    close: () => close(),
    [Symbol.asyncDispose]: () =>
      close("; under `await using` write `return await …`, for a bare `return` closes it first"),
  }
}

const layerOf = <Operations extends Record<string, Operation.Any>, Settings, Needs>(
  provider: Provider<Operations, Settings, Needs>,
  options: Options<Settings, Needs>,
) =>
  Layer.provideMerge(
    provider.layer(options),
    Layer.mergeAll(
      options.transport,
      options.journal ?? Journal.layerMemory,
      Layer.succeed(Inbox.Inbox, options.inbox ?? Inbox.nobody),
    ),
  )

/** What is wrong with the arguments of {@link connect}, if anything is: types rule most of it out, plain JavaScript does not. */
const misuseOf = (provider: unknown, options: unknown): Misuse.Misuse | undefined => {
  const { layer, operations } = fieldsOf(provider)
  if (typeof layer !== "function" || typeof operations !== "object") {
    return Misuse.of(
      "provider",
      provider,
      'a provider package, as in `import * as Soundpiece from "@tenuto/soundpiece"`',
    )
  }
  const { inbox, journal, transport } = fieldsOf(options)
  if (!isOurs(transport)) {
    return Misuse.of("transport", transport, `nodeTransport() or fetchTransport()${copies(transport)}`)
  }
  if (journal !== undefined && !isOurs(journal)) {
    return Misuse.of("journal", journal, `a journal, such as sqliteJournal("jobs.db")${copies(journal)}`)
  }
  return inbox === undefined || typeof fieldsOf(inbox)["listen"] === "function"
    ? undefined
    : Misuse.of("inbox", inbox, "what Inbox.makeMemory() gives")
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {}

/** A layer of another copy of effect is none to ours. */
const isOurs = (value: unknown): boolean =>
  Layer.isLayer(value) && Object.getPrototypeOf(value) === Object.getPrototypeOf(Layer.empty)
const copies = (value: unknown): string =>
  Layer.isLayer(value) ? " made with the same copy of effect (`npm ls effect` shows two; keep one version)" : ""

const known = new Set(["key", "reference", "within", "signal"])

/** An option that nobody reads could be the key: the work would be done twice. */
const misuseOfOptions = (options: unknown): Misuse.Misuse | undefined => {
  const wanted = "some of key, reference, within and signal"
  if (options === undefined) return undefined
  if (typeof options !== "object" || options === null) return Misuse.of("options", options, `an object with ${wanted}`)
  const strange = Object.keys(options).find((name) => !known.has(name))
  return strange === undefined
    ? undefined
    : new Misuse.Misuse({ argument: `options.${strange}`, given: "no option", wanted })
}

const misuseOfSignal = (signal: unknown): Misuse.Misuse | undefined =>
  signal === undefined || signal instanceof AbortSignal
    ? undefined
    : Misuse.of("signal", signal, "an AbortSignal, such as the `signal` of an AbortController")

/** The waits that one signal ends. */
interface Waits {
  readonly fibers: Set<Fiber.Fiber<unknown, unknown>>
  readonly end: () => void
}

/** Let a signal end a wait. However many there are, it has one listener, and none when the last of them has ended. */
const join = (
  waits: Map<AbortSignal, Waits>,
  signal: AbortSignal,
  fiber: Fiber.Fiber<unknown, unknown>,
): (() => void) => {
  let known = waits.get(signal)
  if (known === undefined) {
    const fibers = new Set<Fiber.Fiber<unknown, unknown>>()
    known = { fibers, end: () => fibers.forEach((one) => one.interruptUnsafe()) }
    waits.set(signal, known)
    signal.addEventListener("abort", known.end)
  }
  const { end, fibers } = known
  fibers.add(fiber)
  // What the wait itself has done first may have aborted it.
  if (signal.aborted) fiber.interruptUnsafe()
  return () => {
    fibers.delete(fiber)
    if (fibers.size > 0) return
    waits.delete(signal)
    signal.removeEventListener("abort", end)
  }
}

const listed = <Operations extends Record<string, Operation.Any>>(operations: Operations) => {
  const list: Array<Operations[keyof Operations]> = []
  for (const name in operations) list.push(operations[name])
  return list
}

const draft = <O extends Operation.Any>(
  operation: O,
  input: Operation.Input<O>,
  options: Operation.Options | undefined,
): Operation.Draft<O> => ({
  operation,
  input: snapshot(input),
  ...(options?.key === undefined ? {} : { key: options.key }),
  ...(options?.reference === undefined ? {} : { reference: options.reference }),
})
