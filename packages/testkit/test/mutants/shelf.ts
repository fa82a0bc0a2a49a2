/** A journal of lines on a shelf that outlives it, whole or with one flaw. */
import { Effect, Layer, Result, Schema } from "effect"
import { Journal, Unusable } from "@tenuto/core/Journal"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import type * as Conformance from "@tenuto/testkit/Conformance"

/** What may be wrong with it. */
export interface Flaws {
  readonly saves?: "Never" | "AtItsEnd"
  readonly locks?: "Itself" | "ForEver"
  readonly stores?: (event: unknown) => unknown
  readonly isTorn?: boolean
  readonly isBlind?: boolean
}

const Line = Schema.fromJsonString(Lifecycle.Event)
const encode = Schema.encodeResult(Line)
const decode = Schema.decodeResult(Line)

const unusable = (problem: Unusable["problem"], detail: string) => new Unusable({ journal: "shelf", problem, detail })

type Lines = Map<string, ReadonlyArray<string>>

const layerOf = (shelf: Lines, held: Map<string, object>, flaws: Flaws) =>
  Layer.effect(
    Journal,
    Effect.gen(function* () {
      const { isBlind, isTorn, locks, saves, stores } = flaws
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
      return Journal.of({
        claim,
        read,
        unsettled: Effect.sync(() =>
          Array.from(lines.keys()).flatMap((entry) => {
            const events = (lines.get(entry) ?? []).flatMap((line) => {
              const event = decode(line)
              return Result.isSuccess(event) ? [event.success] : []
            })
            const state = Lifecycle.fold(events)
            const isOpen = state !== undefined && Lifecycle.isOpen(state)
            return isOpen ? [{ entry, service: Lifecycle.subjectOf(state).service }] : []
          }),
        ),
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
        Effect.sync(() => void shelf.set(entry, [...(shelf.get(entry) ?? []).slice(0, -1), '{"_tag":"Unheard"}'])),
    }
  }),
})
