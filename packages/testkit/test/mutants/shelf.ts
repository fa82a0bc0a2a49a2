/** A journal of lines on a shelf that outlives it, whole or with one flaw. */
import { createHash } from "node:crypto"
import { Effect, Layer, Redacted, Result, Schema } from "effect"
import { entriesOf, forgettableOf, Journal, unsettledOf, Unusable } from "@tenuto/core/Journal"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import type * as Conformance from "@tenuto/testkit/Conformance"

/** What may be wrong with it. */
export interface Flaws {
  readonly saves?: "Never" | "AtItsEnd"
  readonly locks?: "Itself" | "ForEver"
  readonly stores?: (event: unknown) => unknown
  readonly names?: "Anew" | "Plainly"
  readonly isTorn?: boolean
  readonly isBlind?: boolean
  readonly forgets?: "ForNow"
}

const Line = Schema.fromJsonString(Lifecycle.Event)
const encode = Schema.encodeResult(Line)
const decode = Schema.decodeResult(Line)

const unusable = (problem: Unusable["problem"], detail: string) => new Unusable({ journal: "shelf", problem, detail })

type Lines = Map<string, ReadonlyArray<string>>

let opened = 0

const layerOf = (shelf: Lines, held: Map<string, object>, flaws: Flaws) =>
  Layer.effect(
    Journal,
    Effect.gen(function* () {
      const { forgets, isBlind, isTorn, locks, names, saves, stores } = flaws
      const lines: Lines = saves === undefined ? shelf : new Map(shelf)
      const holds = locks === "Itself" ? new Map<string, object>() : held
      let isOpen = true
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          isOpen = false
          if (saves === "AtItsEnd") for (const [entry, its] of lines) shelf.set(entry, its)
        }),
      )
      const written = (event: Lifecycle.Event): Result.Result<string, Unusable> => {
        if (stores !== undefined) return Result.succeed(JSON.stringify(stores(event)))
        return Result.mapError(encode(event), (error) =>
          unusable("Unavailable", isTorn === true ? error.message : "an event cannot be written"),
        )
      }
      const read = (entry: string) =>
        Effect.suspend(() => {
          const results = (lines.get(entry) ?? []).map((line) => decode(line))
          if (isBlind === true)
            return Effect.succeed(results.flatMap((it) => (Result.isSuccess(it) ? [it.success] : [])))
          return Effect.fromResult(
            Result.mapError(Result.all(results), () => unusable("Corrupt", `an event of ${entry}`)),
          )
        })
      const claim = (entry: string) =>
        Effect.gen(function* () {
          const mine = {}
          yield* Effect.acquireRelease(
            Effect.suspend(() => {
              if (holds.has(entry)) return Effect.fail(unusable("Held", entry))
              return Effect.sync(() => void holds.set(entry, mine))
            }),
            () => Effect.sync(() => void (locks !== "ForEver" && holds.delete(entry))),
          )
          const history = yield* read(entry)
          const keep = (more: ReadonlyArray<string>) => lines.set(entry, [...(lines.get(entry) ?? []), ...more])
          const append = (events: ReadonlyArray<Lifecycle.Event>) =>
            Effect.suspend(() => {
              if (!isOpen || holds.get(entry) !== mine) return Effect.fail(unusable("Fenced", entry))
              const results = events.map((event) => written(event))
              if (isTorn === true) keep(results.flatMap((it) => (Result.isSuccess(it) ? [it.success] : [])))
              const all = Result.all(results)
              if (isTorn !== true && Result.isSuccess(all) && events.length > 0) keep(all.success)
              return Effect.asVoid(Effect.fromResult(all))
            })
          return { history, append }
        })
      const stored = () =>
        Array.from(lines, ([place, its], id) => {
          const [account = "", entry = ""] = JSON.parse(place) as ReadonlyArray<string>
          const history = its.flatMap((line) => {
            const event = decode(line)
            return Result.isSuccess(event) ? [event.success] : []
          })
          return { id, account, entry, history }
        })
      return Journal.of({
        accountOf: (credential) =>
          Effect.sync(() => {
            const secret = Redacted.value(credential)
            if (names === "Plainly") lines.set(JSON.stringify(["accounts", secret]), [])
            if (names === "Anew") return `#${++opened}`
            return `#${createHash("sha256").update(secret).digest("hex")}`
          }),
        claim: (entry, account) => claim(JSON.stringify([account, entry])),
        read: (entry, account) => read(JSON.stringify([account, entry])),
        entries: (listing) => Effect.sync(() => entriesOf(stored(), listing)),
        prune: (filter) =>
          Effect.sync(
            () =>
              forgettableOf(stored(), filter)
                .map(({ account, entry }) => JSON.stringify([account, entry]))
                .filter((place) => !holds.has(place) && (forgets === undefined ? lines : new Map(lines)).delete(place))
                .length,
          ),
        unsettled: Effect.sync(() => unsettledOf(stored())),
      })
    }),
  )

export const shelved = (flaws: Flaws = {}): Conformance.LastingKeeper => ({
  fresh: Effect.sync(() => {
    const shelf: Lines = new Map()
    return {
      layer: layerOf(shelf, new Map(), flaws),
      stored: Effect.sync(() => JSON.stringify([...shelf])),
      spoil: (entry) =>
        Effect.sync(
          () =>
            void shelf.set(JSON.stringify(["a", entry]), [
              ...(shelf.get(JSON.stringify(["a", entry])) ?? []).slice(0, -1),
              '{"_tag":"Unheard"}',
            ]),
        ),
    }
  }),
})
