import { describe, expect, it } from "@effect/vitest"
import { Journal } from "@tenuto/core/Journal"
import * as SqliteJournal from "@tenuto/journal/SqliteJournal"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as Child from "./child.ts"
import { drafted, numberOf } from "./events.ts"
import * as Temporary from "./temporary.ts"

/** One more user of a journal, as if in a process of its own, with a clock of its own. */
const driver = Effect.fnUntraced(function* (file: string, options?: SqliteJournal.Options) {
  const clock = yield* TestClock.make()
  const own = Effect.provideService(Clock.Clock, clock)
  const journal = yield* own(Layer.build(Layer.fresh(SqliteJournal.layer(file, options))))
  const claim = (entry: string) =>
    own(
      Effect.provide(
        Journal.use((journal) => journal.claim(entry, "a")),
        journal,
      ),
    )
  const read = (entry: string) =>
    Effect.provide(
      Journal.use((journal) => journal.read(entry, "a")),
      journal,
    )
  return { clock, claim, read }
})

const problemOf = <A, R>(effect: Effect.Effect<A, { readonly problem: string }, R>) =>
  Effect.map(Effect.result(effect), (result) => (Result.isFailure(result) ? result.failure.problem : "none"))

/** Let everything that is ready run, the disk included. */
const settle = Effect.promise(async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
})

const sql = (file: string, statement: string) => {
  const sqlite = new DatabaseSync(file)
  sqlite.exec(statement)
  sqlite.close()
}

/** For what only real time brings. */
const pause = Schedule.spaced("20 millis")

describe("a lease", () => {
  it.effect("is over when its time is over, and then the late holder is fenced", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      const silent = yield* driver(file)
      const next = yield* driver(file)
      const late = yield* silent.claim("x")
      yield* late.append([drafted("x", 0)])
      yield* next.clock.adjust("14999 millis")
      expect(yield* problemOf(Effect.scoped(next.claim("x")))).toBe("Held")
      yield* next.clock.adjust("1 millis")
      const page = yield* next.claim("x")
      expect(page.history.map(numberOf)).toEqual([0])
      expect(yield* problemOf(late.append([drafted("x", 9)]))).toBe("Fenced")
      yield* page.append([drafted("x", 1)])
      expect(yield* problemOf(late.append([drafted("x", 9)]))).toBe("Fenced")
      expect((yield* next.read("x")).map(numberOf)).toEqual([0, 1])
    }),
  )

  it.effect("that is over holds as long as nobody takes it over", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      const { claim, clock } = yield* driver(file)
      const page = yield* claim("x")
      yield* clock.setTime(3_600_000)
      yield* page.append([drafted("x")])
    }),
  )

  it.effect("of a late holder that ends does not free the entry of the next", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      const silent = yield* driver(file)
      const next = yield* driver(file)
      const scope = yield* Effect.scope
      const page = yield* Effect.scoped(
        Effect.gen(function* () {
          yield* silent.claim("x")
          yield* next.clock.adjust("1 minute")
          return yield* Scope.provide(next.claim("x"), scope)
        }),
      )
      yield* page.append([drafted("x")])
      expect(yield* problemOf(Effect.scoped(silent.claim("x")))).toBe("Held")
    }),
  )

  it.effect("is renewed for as long as its scope is open", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      const busy = yield* driver(file, { lease: "3 seconds" })
      const next = yield* driver(file)
      const page = yield* busy.claim("x")
      yield* busy.claim("y")
      for (let second = 0; second < 60; second++) {
        yield* Effect.all([busy.clock.adjust("1 second"), next.clock.adjust("1 second")])
        yield* settle
      }
      expect(yield* problemOf(Effect.scoped(next.claim("x")))).toBe("Held")
      expect(yield* problemOf(Effect.scoped(next.claim("y")))).toBe("Held")
      yield* page.append([drafted("x")])
    }),
  )

  it.live("leaves no timer behind once nothing is held", () =>
    Effect.gen(function* () {
      const clock = yield* Clock.Clock
      let pending = 0
      const sleep = (duration: Duration.Duration) =>
        Effect.suspend(() => {
          pending++
          return Effect.ensuring(
            clock.sleep(duration),
            Effect.sync(() => void pending--),
          )
        })
      const counted: Clock.Clock = Object.assign(Object.create(clock), { sleep })
      const layer = SqliteJournal.layer(yield* Temporary.file)
      const use = Effect.gen(function* () {
        const journal = yield* Journal
        yield* Effect.scoped(Effect.andThen(journal.claim("x", "a"), settle))
        expect(pending).toBe(0)
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* journal.claim("x", "a")
            yield* Effect.scoped(journal.claim("y", "a"))
            yield* settle
            expect(pending).toBe(1)
          }),
        )
        yield* settle
        expect(pending).toBe(0)
      })
      yield* use.pipe(Effect.provide(layer), Effect.provideService(Clock.Clock, counted))
    }),
  )

  it.live("is not waited for once the one who asked for it has left, and is not left behind", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      const journal = yield* Layer.build(SqliteJournal.layer(file))
      const claim = Effect.provide(Effect.scoped(Journal.use((journal) => journal.claim("x", "a"))), journal)
      yield* claim
      const other = new DatabaseSync(file)
      other.exec("BEGIN IMMEDIATE")
      const waiting = yield* Effect.forkChild(claim, { startImmediately: true })
      yield* settle
      const [took] = yield* Effect.timed(Fiber.interrupt(waiting))
      expect(Duration.toSeconds(took)).toBeLessThan(1)
      other.exec("COMMIT")
      yield* settle
      expect(other.prepare("SELECT count(*) AS held FROM leases").get()).toEqual({ held: 0 })
      other.close()
      yield* claim
    }),
  )

  const owners: ReadonlyArray<readonly [name: string, change: string, expected: string]> = [
    ["the same process", "owner", "Held"],
    ["a process on another machine", "json_set(owner, '$.machine', 'elsewhere', '$.pid', 4194303)", "Held"],
    ["a process on a machine that cannot be known", "json_set(owner, '$.machine', '', '$.pid', 4194303)", "Held"],
    ["something that a later release wrote", `'{"host":"here"}'`, "Held"],
    ["a process that has died", "json_set(owner, '$.pid', 4194303)", "none"],
    ["a process that died and whose number was given again", "json_set(owner, '$.born', '1')", "none"],
  ]
  for (const [name, change, expected] of owners) {
    it.effect.skipIf(process.platform !== "linux")(
      `of ${name} is ${expected === "Held" ? "kept" : "over at once"}`,
      () =>
        Effect.gen(function* () {
          const file = yield* Temporary.file
          const first = yield* driver(file)
          const next = yield* driver(file)
          yield* first.claim("x")
          sql(file, `UPDATE leases SET owner = ${change}`)
          expect(yield* problemOf(Effect.scoped(next.claim("x")))).toBe(expected)
        }),
    )
  }
})

describe("two processes on one file", () => {
  it.live("one holds the entry, the other is told so, and takes over at once when the first is killed", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      const holder = yield* Child.start("holder", file, "x")
      expect(yield* holder.line).toBe("holding")
      yield* holder.send("append")
      expect(yield* holder.line).toBe("appended")
      const other = yield* Child.start("holder", file, "x")
      expect(yield* other.line).toBe("Held")
      const { claim } = yield* driver(file)
      expect(yield* problemOf(Effect.scoped(claim("x")))).toBe("Held")
      yield* holder.kill
      // No clock moves here: only the death of the process can have freed it.
      const page = yield* claim("x")
      expect(page.history).toHaveLength(1)
      yield* page.append([drafted("x", 1)])
    }).pipe(Effect.scoped),
  )

  it.live("a process that was stopped and goes on after the takeover is fenced", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      const sleeper = yield* Child.start("holder", file, "x", "300")
      expect(yield* sleeper.line).toBe("holding")
      yield* sleeper.signal("SIGSTOP")
      const layer = yield* Layer.build(SqliteJournal.layer(file))
      const claim = Effect.provide(
        Journal.use((journal) => journal.claim("x", "a")),
        layer,
      )
      const page = yield* Effect.retry(claim, { while: ({ problem }) => problem === "Held", schedule: pause })
      yield* sleeper.signal("SIGCONT")
      yield* sleeper.send("append")
      expect(yield* sleeper.line).toBe("Fenced")
      yield* page.append([drafted("x")])
      const read = Effect.provide(
        Journal.use((journal) => journal.read("x", "a")),
        layer,
      )
      expect(yield* read).toHaveLength(1)
    }).pipe(Effect.scoped),
  )

  it.live("several may make the journal at the same time", () =>
    Effect.gen(function* () {
      const folder = yield* Temporary.folder
      const makers = yield* Effect.forEach([0, 1, 2], (n) => Child.start("maker", `entry-${n}`))
      for (const maker of makers) expect(yield* maker.line).toBe("ready")
      for (let round = 0; round < 20; round++) {
        const file = join(folder, `${round}.db`)
        for (const maker of makers) yield* maker.send(file)
        for (const maker of makers) expect(yield* maker.line).toBe("made")
        const unsettled = Journal.use((journal) => journal.unsettled).pipe(Effect.provide(SqliteJournal.layer(file)))
        expect(yield* unsettled).toHaveLength(3)
      }
      expect(Object.keys(Temporary.contentOf(folder))).toHaveLength(20)
    }).pipe(Effect.scoped),
  )
})
