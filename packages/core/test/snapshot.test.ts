/** Law 4: what was asked is what goes out, whatever becomes of the objects that it was made of. */
import { describe, expect, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Contract from "@tenuto/core/Contract"
import * as Operation from "@tenuto/core/Operation"
import * as Journal from "@tenuto/core/Journal"
import { connect } from "@tenuto/core/Promise"
import type * as Remote from "@tenuto/core/Remote"
import { handle, refused, remote, type Reply, sung } from "./choir.ts"

const paint = Operation.make({
  service: "choir",
  name: "sing",
  contract: Contract.make({
    idempotency: { _tag: "Keyed", field: "key" },
    cadence: { _tag: "Interval", every: Duration.millis(100), floor: Duration.millis(100) },
    delays: { unavailable: { _tag: "Ladder", steps: [Duration.millis(1)] } },
  }),
  input: Schema.Struct({ song: Schema.String, more: Schema.Json }),
  output: Schema.Struct({ verse: Schema.String }),
  codes: [],
})

/** Change everything that can be changed in a value, in place. */
const spoil = (value: unknown): void => {
  if (typeof value !== "object" || value === null) return
  for (const part of Object.values(value)) spoil(part)
  if (Array.isArray(value)) value.push("late")
  else Object.assign(value, { late: true })
}

/** JSON of every kind and depth, the same for the same seed. */
const jsonOf = (seed: number, depth = 4): Schema.Json => {
  const next = (salt: number) => Math.imul(seed + salt, 2_654_435_761) >>> 8
  const kinds = [null, next(1) / 7, `text ${next(1)}`, next(1) % 2 === 0]
  if (depth === 0 || next(0) % 3 === 0) return kinds[next(9) % kinds.length] ?? null
  const parts = Array.from({ length: next(1) % 4 }, (_, at) => jsonOf(next(at + 2), depth - 1))
  return next(0) % 3 === 1 ? parts : Object.fromEntries(parts.map((part, at) => [`name ${at}`, part]))
}
const bodies = (calls: ReturnType<typeof remote>["calls"]) =>
  calls.flatMap(({ deed }) => (deed._tag === "Submit" ? [JSON.stringify(deed.request.input)] : []))

describe("a draft", () => {
  it("stays as it was when what it was made of changes, whatever that is", () => {
    for (let seed = 0; seed < 500; seed++) {
      const input = { song: `song ${seed}`, more: jsonOf(seed) }
      const before = JSON.stringify(input)
      const draft = paint(input)
      spoil(input)
      expect(JSON.stringify(draft.input)).toBe(before)
      expect(JSON.stringify(input)).not.toBe(before)
    }
  })

  it("keeps values of other kinds, bytes, and what holds itself", () => {
    const whole = Operation.make({ ...paint, input: Schema.Any, service: "choir", name: "sing" })
    const bytes = Uint8Array.of(1, 2)
    const tag = Duration.seconds(1)
    const knot: Record<string, unknown> = {
      bytes,
      tag,
      when: new Date(0),
      map: new Map([["a", [1]]]),
      set: new Set([1]),
    }
    knot["self"] = knot
    const copy = whole(knot).input as typeof knot
    bytes.fill(9)
    expect(copy["bytes"]).toEqual(Uint8Array.of(1, 2))
    expect(copy["tag"]).toBe(tag)
    expect(copy["self"]).toBe(copy)
    expect([copy["when"], copy["map"], copy["set"]]).toEqual([new Date(0), new Map([["a", [1]]]), new Set([1])])
    expect(copy["map"]).not.toBe(knot["map"])
    const named = JSON.parse(`{"__proto__":{"a":1}}`) as object
    expect(JSON.stringify(whole(named).input)).toBe(`{"__proto__":{"a":1}}`)
  })
})

describe("a promise", () => {
  const serving = (...replies: ReadonlyArray<Reply>) => {
    const service = remote(...replies)
    const connection = connect(
      { operations: { sing: paint }, layer: () => service.layer },
      { transport: Layer.empty, journal: Journal.layerMemory },
    )
    return { service, connection }
  }
  const accepts = (deed: Remote.Deed): Effect.Effect<Remote.Answer> =>
    Effect.succeed({ _tag: "Accepted", handle: { ...handle, id: deed._tag } })

  it("submits what was handed over at the call, also when one object is filled again and again", async () => {
    const { connection, service } = serving(accepts)
    const shared = { song: "", more: [""] }
    const submitted = ["one", "two", "three"].map((song) => {
      shared.song = song
      shared.more[0] = song
      return connection.submit("sing", shared)
    })
    await Promise.all(submitted)
    const sent = ["one", "two", "three"].map((song) => JSON.stringify({ song, more: [song] }))
    expect(bodies(service.calls).toSorted()).toEqual(sent.toSorted())
    await connection.close()
  })

  it("sends the same bytes again under one key", async () => {
    const input = { song: "la", more: { tracks: [1] } }
    const refusedOnce = () =>
      Effect.sync(() => {
        spoil(input)
        return refused({ _tag: "Unavailable" })
      })
    const { connection, service } = serving(refusedOnce, accepts, sung)
    expect(await connection.run("sing", input, { key: "k" })).toEqual({ verse: "la" })
    const [first, again] = bodies(service.calls)
    expect([first, again]).toEqual([`{"song":"la","more":{"tracks":[1]}}`, first])
    await connection.close()
  })
})
