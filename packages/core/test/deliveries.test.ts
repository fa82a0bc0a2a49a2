import { describe, expect, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"
import * as Client from "@tenuto/core/Client"
import * as Inbox from "@tenuto/core/Inbox"
import type { Observation } from "@tenuto/core/Observation"
import type { Shape } from "@tenuto/core/Remote"
import {
  accepted,
  after,
  chant,
  doubted,
  failureOf,
  handle,
  hum,
  input,
  instant,
  journal,
  pending,
  remoteWith,
  type Reply,
  type Shelf,
  sing,
  sung,
  tags,
  unseen,
  withoutJitter,
} from "./choir.ts"

/** A delivery that brings its observation with it, or none. */
const heard: NonNullable<Shape["heard"]> = (_, body) => seen.get(body)
const seen = new Map<Schema.Json, Observation>([
  ["sung", { _tag: "Succeeded", word: "sung", output: { verse: "delivered" } }],
  ["failed", { _tag: "Failed", word: "failed", reason: { _tag: "Internal" } }],
  ["running", { _tag: "Pending", word: "running" }],
])
const letter = (name: string, body: Schema.Json, id = handle.id): Inbox.Delivery => ({
  service: "choir",
  id,
  name,
  at: instant(0),
  body,
})

/** Run work with an inbox that gets letters at given seconds. */
const story = Effect.fnUntraced(function* (
  replies: ReadonlyArray<Reply>,
  letters: ReadonlyArray<readonly [seconds: number, letter: Inbox.Delivery]>,
  operation: typeof chant = chant,
  shape: Pick<Shape, "admit"> = {},
) {
  const shelf: Shelf = new Map()
  const inbox = Inbox.makeMemory()
  const began = (yield* Clock.currentTimeMillis) / 1000
  const service = remoteWith({ heard, ...shape }, ...replies)
  const times = (tag: "Look" | "Submit") => service.times(tag).map((at) => at - began)
  yield* Effect.forEach(letters, ([seconds, one]) =>
    Effect.forkChild(Effect.delay(inbox.put(one), Duration.seconds(seconds)), { startImmediately: true }),
  )
  const end = yield* after(
    Client.run(operation(input)).pipe(
      Effect.provide([service.layer, journal(shelf), Layer.succeed(Inbox.Inbox, inbox)]),
    ),
  )
  const verse = end !== undefined && Exit.isSuccess(end.exit) ? end.exit.value.verse : failureOf(end)?._tag
  return {
    verse,
    took: end?.seconds,
    looks: times("Look"),
    submits: times("Submit"),
    tags: tags(shelf),
  }
})

describe("polling is the truth; a delivery only prompts a look or brings what a look would have brought (law 11)", () => {
  it.effect("a delivery that shows the end ends the wait at once, and nothing is looked at", () =>
    Effect.gen(function* () {
      const { looks, tags, took, verse } = yield* story([accepted, sung], [[2, letter("a", "sung")]])
      expect([verse, took, looks]).toEqual(["delivered", 2, []])
      expect(tags).toEqual([["Drafted", "Sending", "Accepted", "Observed"]])
    }),
  )

  it.effect("one that shows a failure ends it as failed", () =>
    Effect.gen(function* () {
      const { verse } = yield* story([accepted, sung], [[2, letter("a", "failed")]])
      expect(verse).toBe("Failed")
    }),
  )

  it.effect("a thin one brings the next look forward, to the floor after the last one and no further", () =>
    Effect.gen(function* () {
      const slow = chant
      const { looks, took, verse } = yield* story([accepted, pending, sung], [[6, letter("a", "thin")]], slow)
      // chant looks every 5 s with a floor of 5 s: the delivery at 6 s cannot bring a look before 10 s.
      expect([verse, took, looks]).toEqual(["la", 10, [5, 10]])
    }),
  )

  it.effect("a thin one before the first look is followed by a look at once", () =>
    Effect.gen(function* () {
      const { looks, took } = yield* story([accepted, sung], [[2, letter("a", "thin")]])
      expect([took, looks]).toEqual([2, [2]])
    }),
  )

  it.effect("what shows work that goes on only prompts", () =>
    Effect.gen(function* () {
      const { looks, verse } = yield* story([accepted, sung], [[2, letter("a", "running")]])
      expect([verse, looks]).toEqual(["la", [2]])
    }),
  )

  it.effect("an inbox that breaks ends no wait: the next look finds the end", () =>
    Effect.gen(function* () {
      const inbox = Inbox.make({ put: () => Effect.succeed("Taken"), take: () => Effect.die("nobody is there") })
      const service = remoteWith({ heard }, accepted, pending, sung)
      const end = yield* after(
        Client.run(chant(input)).pipe(
          Effect.provide([service.layer, journal(new Map()), Layer.succeed(Inbox.Inbox, inbox)]),
        ),
      )
      expect([end?.seconds, end !== undefined && Exit.isSuccess(end.exit)]).toEqual([10, true])
    }),
  )

  it.effect("a prompt does not lose a look its place in a budget that is shared; an end lets it go", () =>
    Effect.gen(function* () {
      const admit: Shape["admit"] = (deed) => Effect.delay(Effect.undefined, deed === "Look" ? 60_000 : 0)
      const prompted = yield* story([accepted, sung], [[10, letter("a", "thin")]], chant, { admit })
      expect([prompted.verse, prompted.looks]).toEqual(["la", [65]])
      const ended = yield* story([accepted, sung], [[20, letter("a", "sung")]], chant, { admit })
      expect([ended.verse, ended.took, ended.looks]).toEqual(["delivered", 20, []])
    }),
  )

  it.effect("a prompt does not shorten a pause that the service asked for", () =>
    Effect.gen(function* () {
      const limited = unseen({ _tag: "RateLimited", retryAfter: Duration.seconds(60) })
      const { looks } = yield* story([accepted, limited, sung], [[10, letter("a", "thin")]])
      expect(looks).toEqual([5, 65])
    }).pipe(withoutJitter),
  )

  it.effect("during a look, a delivery that shows the end wins and the look is let go", () =>
    Effect.gen(function* () {
      const left: Array<string> = []
      const hung = () => Effect.onInterrupt(Effect.never, () => Effect.sync(() => void left.push("let go")))
      const { took, verse } = yield* story([accepted, hung], [[8, letter("a", "sung")]])
      expect([verse, took, left]).toEqual(["delivered", 8, ["let go"]])
    }),
  )

  it.effect("during a look, a thin delivery waits for its answer and then asks for one more", () =>
    Effect.gen(function* () {
      const slow = () => Effect.delay(Effect.succeed(pending), "3 seconds")
      const { looks, verse } = yield* story([accepted, slow, sung], [[6, letter("a", "thin")]])
      // The look went from 5 to 8; the floor after it is 5 s.
      expect([verse, looks]).toEqual(["la", [5, 13]])
    }),
  )

  const alone = story([accepted, pending, sung], [])
  it.effect.each([
    ["lost", []],
    ["late", [[500, letter("a", "sung")]]],
    ["about other work", [[2, letter("a", "sung", "song-2")]]],
  ] as const)("%s deliveries end as polling alone does, at the same instant", ([, letters]) =>
    Effect.gen(function* () {
      expect(yield* story([accepted, pending, sung], letters)).toEqual(yield* alone)
    }),
  )

  it.effect("doubled and reordered deliveries end once", () =>
    Effect.gen(function* () {
      const { tags, verse } = yield* story(
        [accepted, pending, sung],
        [
          [6, letter("b", "sung")],
          [6, letter("b", "sung")],
          [7, letter("a", "running")],
        ],
      )
      expect(verse).toBe("delivered")
      expect(tags[0]?.filter((tag) => tag === "Observed")).toHaveLength(1)
    }),
  )

  it.effect("one that comes before the answer to the submit is not lost", () =>
    Effect.gen(function* () {
      const slow = () => Effect.delay(Effect.succeed(accepted), "4 seconds")
      const { looks, tags, took, verse } = yield* story([slow, sung], [[1, letter("a", "sung")]])
      expect([verse, took, looks]).toEqual(["delivered", 4, []])
      expect(tags).toEqual([["Drafted", "Sending", "Accepted", "Observed"]])
    }),
  )

  it.effect("nothing that is delivered makes a lost submit anything else than uncertain", () =>
    Effect.gen(function* () {
      const { submits, verse } = yield* story([doubted({ _tag: "Timeout" })], [[0, letter("a", "sung")]], hum)
      expect([verse, submits]).toEqual(["Uncertain", [0]])
    }),
  )

  it.effect("a second word after the end changes nothing", () =>
    Effect.gen(function* () {
      const shelf: Shelf = new Map()
      const inbox = Inbox.makeMemory()
      const { layer } = remoteWith({ heard }, accepted, sung)
      const needs = Layer.mergeAll(layer, journal(shelf), Layer.succeed(Inbox.Inbox, inbox))
      yield* inbox.put(letter("a", "sung"))
      yield* inbox.put(letter("b", "failed"))
      const first = yield* Client.run(sing(input, { key: "k" })).pipe(Effect.provide(needs))
      const again = yield* Client.run(sing(input, { key: "k" })).pipe(Effect.provide(needs))
      expect([first.verse, again.verse]).toEqual(["delivered", "delivered"])
    }),
  )
})
