import { describe, expect, it } from "@effect/vitest"
import { Journal } from "@tenuto/core/Journal"
import * as SqliteJournal from "@tenuto/journal/SqliteJournal"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Child from "./child.ts"
import { numberOf } from "./events.ts"
import * as Temporary from "./temporary.ts"

const rounds = Number(process.env["TENUTO_CRASH_ROUNDS"] ?? 15)
const seed = process.env["TENUTO_CRASH_SEED"] ?? "tenuto"
const entries = 4

/**
 * Read what a child says and kill it some time after it was ready, or after it has written to `least` entries; what it
 * said last was acknowledged.
 */
const runAndKill = Effect.fnUntraced(function* (
  file: string,
  acknowledged: Map<string, number>,
  { least, millis }: { readonly least: number; readonly millis: number },
) {
  const child = yield* Child.start("writer", file, String(entries))
  expect(yield* child.line).toBe("ready 0")
  const written = new Set<string>()
  let isDying = false
  for (;;) {
    if (!isDying && written.size >= least) {
      isDying = true
      yield* Effect.forkChild(Effect.andThen(Effect.sleep(millis), child.kill))
    }
    const line = yield* child.line
    if (line === undefined) return
    const [entry = "", count] = line.split(" ")
    written.add(entry)
    acknowledged.set(entry, Number(count))
  }
})

describe("laws", () => {
  it.live(
    `killed at any instant, a process has lost nothing that was acknowledged (${rounds} rounds, seed ${seed})`,
    () =>
      Effect.gen(function* () {
        const file = yield* Temporary.file
        const acknowledged = new Map<string, number>()
        for (let round = 0; round < rounds; round++) {
          // Every other one is killed at any instant at all, be it before it has opened the journal.
          const least = round % 2 === 0 ? 0 : entries
          const millis = yield* Random.nextIntBetween(0, 120)
          yield* Effect.scoped(runAndKill(file, acknowledged, { least, millis }))
          const histories = yield* Journal.use((journal) =>
            Effect.forEach(
              Array.from({ length: entries }, (_, n) => `entry-${n}`),
              (entry) =>
                // Claimed, not only read: a killed process must be in nobody's way.
                Effect.scoped(
                  Effect.map(journal.claim(entry, "a"), ({ history }) => [entry, history.map(numberOf)] as const),
                ),
            ),
          ).pipe(Effect.provide(SqliteJournal.layer(file)))
          for (const [entry, numbers] of histories) {
            const where = `round ${round}, ${entry}`
            expect(numbers, where).toEqual([...numbers.keys()])
            expect(numbers.length, where).toBeGreaterThanOrEqual(acknowledged.get(entry) ?? 0)
            expect(isWhole(numbers.length), `${where}: an append was found in part (${numbers.length})`).toBe(true)
          }
        }
        expect(acknowledged.size).toBe(entries)
      }).pipe(Random.withSeed(seed), Effect.scoped),
    30_000 + rounds * 20_000,
  )
})

/** Whether so many events come of whole appends: see `process/writer.ts`. */
const isWhole = (count: number): boolean => {
  let next = 0
  while (next < count) next += (next % 3) + 1
  return next === count
}
