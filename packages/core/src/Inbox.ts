/**
 * The port to deliveries: what a service sent us of its own accord, waiting for the operation it is about.
 *
 * It never decides anything: a delivery makes a driver look sooner, or brings what a look would have brought. Whatever is
 * lost here is found by the next look.
 *
 * Law 11: polling is the truth; late, lost, doubled, reordered and early deliveries end as polling alone would.
 *
 * @example
 * ```ts
 * import * as DateTime from "effect/DateTime"
 * import * as Effect from "effect/Effect"
 * import * as Inbox from "@tenuto/core/Inbox"
 *
 * const delivery = { service: "choir", id: "song_1", name: "msg_1", at: DateTime.makeUnsafe(0), body: { sung: true } }
 * const inbox = Inbox.makeMemory()
 * const said = Effect.all([inbox.put(delivery), inbox.put(delivery), inbox.take("choir", "song_1")])
 * console.log((await Effect.runPromise(said)).map((one) => (typeof one === "string" ? one : one.name))) // [ "Taken", "Known", "msg_1" ]
 * ```
 */
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"
import * as Hearing from "./internal/hearing.ts"

/** One delivery, verified. It may hold signed links, so it is kept in memory only. */
export interface Delivery {
  readonly service: string
  /** The service's name for the work, as in the handle's `id`. */
  readonly id: string
  /** Names the delivery itself: what has a name that is known was delivered before. */
  readonly name: string
  readonly at: DateTime.Utc
  readonly body: Schema.Json
}

/** Where deliveries wait. Make your own with {@link make}. */
export interface Inbox extends Port {
  /** How a driver listens while it waits and while it looks. */
  readonly listen: Hearing.Listen
}

/** What an inbox does; one that outlives the process, or serves several, implements this. */
export interface Port {
  /** Keep a delivery for whoever waits for it, now or later; `Known` when it was delivered before. */
  readonly put: (delivery: Delivery) => Effect.Effect<"Taken" | "Known">
  /** Wait for the next delivery about this work and take it out. */
  readonly take: (service: string, id: string) => Effect.Effect<Delivery>
}

/** Receives nothing: polling alone. */
export const nobody: Inbox = {
  put: () => Effect.succeed("Taken"),
  take: () => Effect.never,
  listen: () => ({ whileWaiting: (_, wait) => wait, unlessEnded: (_, look) => look }),
}

/** Make an inbox that drivers can listen to. */
export const make = (port: Port): Inbox => ({ ...port, listen: Hearing.listen(port.take) })

/** The inbox that drivers listen to. The default is {@link nobody}. */
export const Inbox = /* @__PURE__ */ Context.Reference<Inbox>("@tenuto/core/Inbox", { defaultValue: () => nobody })

/** How much an inbox in memory keeps. What is older than that is forgotten, and found by a look. */
export interface Options {
  /** Deliveries that nobody has waited for yet. Default: 1,000. */
  readonly waiting?: number
  /** Names of deliveries, to know them again. Default: 10,000. */
  readonly names?: number
}

/** Make an inbox that lasts as long as this process keeps it: one for the receiver of webhooks and the waits together. */
export const makeMemory = ({ names = 10_000, waiting = 1_000 }: Options = {}): Inbox => {
  const known = new Set<string>()
  const early = new Map<string, ReadonlyArray<Delivery>>()
  const listeners = new Map<string, Set<(delivery: Delivery) => void>>()
  let kept = 0

  const keep = (address: string, delivery: Delivery) => {
    if (waiting <= 0) return
    const oldest = kept >= waiting ? early.keys().next().value : undefined
    if (oldest !== undefined) forget(oldest)
    early.set(address, [...(early.get(address) ?? []), delivery])
    kept++
  }
  const forget = (address: string) => {
    const [first, ...rest] = early.get(address) ?? []
    if (first !== undefined) kept--
    if (rest.length === 0) early.delete(address)
    else early.set(address, rest)
    return first
  }
  return make({
    put: (delivery) =>
      Effect.sync(() => {
        const { id, name, service } = delivery
        if (known.has(join(service, name))) return "Known"
        known.add(join(service, name))
        const oldest = known.size > names ? known.values().next().value : undefined
        if (oldest !== undefined) known.delete(oldest)
        const address = join(service, id)
        const [listener] = listeners.get(address) ?? []
        if (listener === undefined) keep(address, delivery)
        else listener(delivery)
        return "Taken"
      }),
    take: (service, id) =>
      Effect.callback((resume) => {
        const address = join(service, id)
        const first = forget(address)
        if (first !== undefined) return resume(Effect.succeed(first))
        const waiters = listeners.get(address) ?? new Set()
        const stop = () => {
          waiters.delete(listener)
          if (waiters.size === 0) listeners.delete(address)
        }
        const listener = (delivery: Delivery) => {
          stop()
          resume(Effect.succeed(delivery))
        }
        listeners.set(address, waiters.add(listener))
        return Effect.sync(stop)
      }),
  })
}

const join = (service: string, name: string): string => `${service}\n${name}`

/** Listen to an inbox of your own, in memory. */
export const layerMemory: Layer.Layer<never> = /* @__PURE__ */ Layer.sync(Inbox, () => makeMemory())
