/**
 * What a kit is: the words that `Promise` speaks. Types only, and plain ones: nobody needs Effect to read them.
 */

import type { Check, Run, Violation } from "./Checks.ts"
import type { Heading, Story } from "./internal/story.ts"
import type { Transcript } from "./internal/transcribed.ts"

/** What a caller knows of its run, beside what the service saw. */
export type Known = Partial<Omit<Run, keyof Transcript | "timeline">>

/** A span of time, such as `"20 seconds"`. */
export type Span = `${number} ${"milli" | "second" | "minute" | "hour" | "day"}${"" | "s"}`

/** What `make` of a provider's `Emulator` gives. */
export interface Making<A> {
  [Symbol.iterator](): { next(...args: ReadonlyArray<never>): IteratorResult<unknown, A> }
}

/** A service that does not exist: the part of a provider's emulator that the kit uses. */
export interface Emulated<Ledger> {
  readonly handler: (request: never) => object
  /** What it has done so far; a recording does not know. */
  readonly ledger?: Making<Ledger>
}

/**
 * A service of your own: it answers as a fetch handler does; `Response.error()` is a connection that is reset. What it throws
 * ends the run: it is the test's own mistake.
 */
export type Answering = (request: Request) => Response | Promise<Response>

/**
 * A service of your own that can say what it has created: a list of `{ id, key }`, by itself or as `operations`, lets the
 * checks count it.
 */
export interface Serving<Ledger> {
  readonly fetch: Answering
  readonly ledger?: () => Ledger
}

/** What can be played. */
export type Service = Making<Emulated<unknown>> | Serving<unknown> | Answering

/** What is made in the end. */
type Made<M> = M extends { [Symbol.iterator](): { next(...args: ReadonlyArray<never>): infer Step } }
  ? Step extends { readonly done: true; readonly value: infer A }
    ? A
    : never
  : never

/** What a service can be asked about itself; one without a ledger has nothing to say. */
export type LedgerOf<S extends Service> = S extends { readonly fetch: Answering; readonly ledger: () => infer Ledger }
  ? Ledger
  : [Made<S>] extends [never]
    ? undefined
    : Made<S> extends { readonly ledger: infer Ledger extends Making<unknown> }
      ? Made<Ledger>
      : undefined

/** What is played, and how. */
export interface Options<S extends Service> {
  readonly service: S
  /** What goes wrong, in order, such as `503@look:2`, `reset-after-commit@submit`, `doubled@webhook`. */
  readonly faults?: ReadonlyArray<string>
  /** In memory (default), or on a port of 127.0.0.1. */
  readonly carrier?: "memory" | "loopback"
  /** Where the service is when it is in memory: requests to it do not leave the process. Default: `http://service.test`. */
  readonly origin?: string
  /** The order of what happens at one instant, the ids and the jitter. Default: 0. */
  readonly seed?: number
  /** Cover the process's own time and chance while the client runs, and route the global `fetch`. Default: yes. */
  readonly globals?: boolean
  /**
   * Takes the webhooks of an emulator that delivers, in place of the address they are sent to. A service of your own sends
   * its letters by the global `fetch`.
   */
  readonly receiver?: Answering
  /** The service's name: under it the faults that were played count as covered, where `TENUTO_COVERAGE` names a file. */
  readonly name?: string
  /** Real time without a sign of life after which I/O counts as stuck. Default: 5 seconds. */
  readonly stuckAfter?: Span
  /** Requests at one instant after which the client counts as one that lets no time pass. Default: 10,000. */
  readonly mostAtOnce?: number
  /** Requests in one run after which the client counts as one that never ends. Default: 50,000. */
  readonly mostInAll?: number
}

/** Something that a client begins and the clock cannot see: time may move while it is under way. */
export interface Finding {
  readonly what: string
  readonly times: number
  /** The first line of code that is neither Node's nor the kit's. */
  readonly where: string | undefined
  /** How to route it. */
  readonly advice: string
}

/** What undici makes a dispatcher of: `new Agent().compose(() => dispatcher.dispatch)` is one, in types too. */
export interface Dispatching {
  readonly dispatch: (options: never, handler: never) => boolean
}

/** What a client under test is given. */
export interface World {
  /** The service's origin, without a slash at its end. */
  readonly url: string
  /** Reaches the service; in memory it reaches nothing else. */
  readonly fetch: typeof globalThis.fetch
  /** The same for a client that speaks undici. */
  readonly dispatcher: Dispatching
  /** Aborted when the run is given up. */
  readonly signal: AbortSignal
}

/** One service, its time, and what was seen of it. */
export interface Kit<Ledger> extends AsyncDisposable {
  /** The service's origin, without a slash at its end. */
  readonly url: string
  /** Reaches the service from outside a run, for a mocking library: `http.all("*", ({ request }) => kit.fetch(request))`. */
  readonly fetch: typeof globalThis.fetch
  /**
   * Play a client to its end, and give what it gives. Rejects with what it throws, or before that with what the service, or
   * the receiver, has thrown meanwhile; with an error whose `_tag` is
   * `Deadlock` when nothing can wake it, `StuckIo` when I/O does not end, `HotLoop` when it asks again and again and no
   * time passes, and `Endless` when it goes on and on: each says who it is.
   */
  readonly run: <A>(client: (world: World) => A | Promise<A>) => Promise<A>
  /** Between runs: let this much time pass, and what is due happen. Rejects with what the receiver throws. */
  readonly advance: (by: Span) => Promise<void>
  /** Stop time until a promise settles: for I/O that the clock cannot see. */
  readonly track: <A>(promise: Promise<A>) => Promise<A>
  /** Play a client, however it ends, and tell what it does that the clock cannot see; nothing: its instants are exact. */
  readonly doctor: (client: (world: World) => unknown) => Promise<ReadonlyArray<Finding>>
  /** More that goes wrong, from now on. Rejects when a name is not known, or means nothing to this service. */
  readonly fault: (...faults: ReadonlyArray<string>) => Promise<void>
  readonly now: () => Date
  /** What the service has done so far. */
  readonly ledger: () => Promise<Ledger>
  /** What happened, and when, as text that stays the same. */
  readonly timeline: () => string
  /** The same as one page of HTML that loads nothing: each request, what became of it, and the pauses between. */
  readonly report: (options?: Heading) => string
  /** Every request with its answer, beside what the service has created. */
  readonly transcript: () => Promise<Transcript>
  /**
   * What the run did and must not do: all checks of `Checks`, or these; none: it was right as far as anyone can see. Where
   * nothing was asked of the service, it says so as `asks`.
   */
  readonly judge: (known?: Known, checks?: ReadonlyArray<Check>) => Promise<ReadonlyArray<Violation>>
  /** For undici and Node's own `fetch`: their `setGlobalDispatcher`, and their option `dispatcher`. */
  readonly dispatcher: Dispatching
  readonly close: () => Promise<void>
}

/** How a client ended: with what it gave, or with what it threw; with neither, it waits for ever. */
export interface Ended<A> {
  readonly value?: A
  readonly thrown?: unknown
}

/** What stories are told of: a service and a client, both made anew for each story. */
export interface Explored<S extends Service, A = unknown> extends Pick<
  Options<S>,
  "globals" | "mostAtOnce" | "mostInAll" | "origin" | "receiver" | "stuckAfter"
> {
  readonly name: string
  /** `import.meta.url` of the module that exports the suite, so that one line can replay it. */
  readonly from?: string
  /** What carries its stories where an exploration does not say; none is shrunk to another. Default: in memory. */
  readonly carrier?: Story["carrier"]
  /** What may go wrong; earlier words are simpler: `["503@look", "reset-after-commit@submit"]`. `pass@look` lets one by. */
  readonly kinds: ReadonlyArray<string>
  readonly service: (story: Story) => S
  readonly client: (world: World) => A | Promise<A>
  /** What is for nobody's eyes. */
  readonly secrets?: ReadonlyArray<string>
  /**
   * How the service is to be read, where the defaults of `Checks` are wrong. A client that tells by a value that the work
   * failed needs a function: `({ value }) => ({ claimed: value?.failed ? "failed" : "succeeded" })`.
   */
  readonly known?: Known | ((ended: Ended<A>) => Known)
  /** Judge what was told. Default: all of `Checks`. */
  readonly checks?: ReadonlyArray<Check>
}
