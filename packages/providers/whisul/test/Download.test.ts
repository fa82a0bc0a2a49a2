import { Effect, Stream } from "effect"
import { describe, expect, it } from "vitest"
import * as Artifact from "@tenuto/core/Artifact"
import * as Client from "@tenuto/core/Client"
import * as Download from "@tenuto/http/Download"
import * as Whisul from "@tenuto/whisul"
import {
  answers,
  apiKey,
  carriers,
  emulator,
  failure,
  faulty,
  fixture,
  gets,
  ledgerOf,
  play,
  runBeat,
  type Seen,
  scripted,
  value,
} from "./stage.ts"

const textOf = (parts: ReadonlyArray<Uint8Array>) => Buffer.concat(parts).toString()
const fetch = (artifact: Artifact.Artifact) =>
  Effect.map(Stream.runCollect(Download.stream(Whisul.generate, artifact)), textOf)
const fetched = Effect.flatMap(runBeat, ({ image, song }) =>
  Effect.all([fetch(song), image === undefined ? Effect.succeed("") : fetch(image)]),
)
const files = (seen: ReadonlyArray<Seen>) => seen.filter(({ path }) => path.startsWith("/cdn/"))

describe.each(carriers)("carried by %s", (carrier) => {
  it("the song and its cover are fetched whole, by plain links, and the key stays at home", async () => {
    const service = emulator({ apiKey })
    const { exit, seen } = await play(service.handler, fetched, carrier)
    const [song, image] = value(exit)
    const [job] = ledgerOf(service).operations
    expect(song).toContain(`song ${job?.id}`)
    expect(image).toContain(`cover ${job?.id}`)
    expect([song.length, image.length, gets(seen).length, files(seen).length]).toEqual([4000, 4000, 1, 2])
    for (const { headers, query } of files(seen)) {
      expect(query).toEqual({})
      expect(JSON.stringify(headers)).not.toContain(apiKey)
    }
    expect(ledgerOf(service).leaks).toBe(0)
  })

  it.each(["truncated", "drop-mid-body"])("a file that breaks off (%s) is gone on with", async (fault) => {
    const whole = value((await play(emulator().handler, fetched)).exit)
    const { exit, seen } = await play(faulty(emulator(), `${fault}@download:2`), fetched, carrier)
    expect(value(exit)).toEqual(whole)
    expect(files(seen).filter(({ headers }) => headers["range"] !== undefined)).toHaveLength(2)
  })

  it("a link that is refused is renewed by one more look", async () => {
    const { exit, seen } = await play(faulty(emulator(), "expired-link@download"), fetched, carrier)
    value(exit)
    expect(gets(seen)).toHaveLength(2)
  })
})

it("no page says when a link dies or what type a file has, and neither do we", async () => {
  const { exit } = await play(scripted(emulator(), [answers("look", 200, fixture("jobs.completed"))]), runBeat)
  const { image, song } = value(exit)
  expect([song.name, image?.name]).toEqual(["song", "image"])
  for (const artifact of [song, image]) {
    expect(artifact).not.toHaveProperty("expiresAt")
    expect(artifact).not.toHaveProperty("mediaType")
  }
  expect(Artifact.find(value(exit) as never, "image")).toBe(image)
})

it("a link that was not kept is fetched by one more look", async () => {
  const program = Effect.gen(function* () {
    const { song } = yield* runBeat
    return yield* fetch(new Artifact.Artifact({ name: song.name, handle: song.handle }))
  })
  const { exit, seen } = await play(emulator().handler, program)
  expect(value(exit)).toHaveLength(4000)
  expect(gets(seen)).toHaveLength(2)
})

it("a file whose job has expired meanwhile, and whose link was not kept, is lost", async () => {
  const program = Effect.gen(function* () {
    const { song } = yield* runBeat
    yield* Effect.sleep("2 hours")
    return yield* fetch(new Artifact.Artifact({ name: song.name, handle: song.handle }))
  })
  const { exit } = await play(emulator({ keep: "1 hour" }).handler, program)
  expect(failure(exit)).toMatchObject({ _tag: "Lost", reason: { _tag: "NotFoundOrGone", what: "job" } })
})

it("a job that completes is downloaded after its handle went through a mail", async () => {
  const service = emulator()
  const program = Effect.gen(function* () {
    const handle = JSON.parse(JSON.stringify(yield* Client.submit(Whisul.generate({ prompt: "La" })))) as never
    const { song } = yield* Client.settle(Whisul.generate, handle)
    return yield* fetch(song)
  })
  expect(value((await play(service.handler, program)).exit)).toHaveLength(4000)
})
