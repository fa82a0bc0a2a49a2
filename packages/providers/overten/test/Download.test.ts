import { Duration, Effect, Redacted, Stream } from "effect"
import { describe, expect, it } from "vitest"
import * as Artifact from "@tenuto/core/Artifact"
import * as Client from "@tenuto/core/Client"
import * as Download from "@tenuto/http/Download"
import * as Overten from "@tenuto/overten"
import * as Emulator from "@tenuto/testkit/Emulator"
import {
  apiKey,
  brief,
  carriers,
  emulator,
  failure,
  faulty,
  ledger,
  on,
  play,
  refusal,
  runBrief,
  scripted,
  type Seen,
  value,
} from "./stage.ts"

const bytesOf = (parts: ReadonlyArray<Uint8Array>) => Buffer.concat(parts)
const fetch = (artifact: Artifact.Artifact | undefined) =>
  artifact === undefined
    ? Effect.die("there is no file")
    : Effect.map(Stream.runCollect(Download.stream(Overten.wordGenerate, artifact)), bytesOf)
/** Run, wait a while, fetch. */
const fetched = (pause: Duration.Input = 0) =>
  Effect.gen(function* () {
    const { document } = yield* runBrief
    yield* Effect.sleep(pause)
    return yield* fetch(document)
  })
const files = (seen: ReadonlyArray<Seen>) => seen.filter(({ path }) => path.startsWith("/storage/"))
const links = (seen: ReadonlyArray<Seen>) => seen.filter(({ path }) => path.endsWith("/download"))
const whole = play(emulator().handler, fetched()).then(({ exit }) => value(exit))

describe.each(carriers)("carried by %s", (carrier) => {
  it("a document is asked for at its run, and fetched where that leads, without the key", async () => {
    const service = emulator({ apiKey })
    const { exit, seen } = await play(service.handler, fetched(), { carrier })
    expect(value(exit).toString()).toMatch(/^run run_\w{20}, task task_\w{20}/)
    expect([links(seen).length, files(seen).length]).toEqual([1, 1])
    expect(JSON.stringify(files(seen))).not.toContain(apiKey)
    expect(await ledger(service)).toMatchObject({ leaks: 0 })
  })

  it("a body that breaks off is gone on with where it broke", async () => {
    const { exit, seen } = await play(faulty(emulator(), "drop-mid-body@download:2"), fetched(), { carrier })
    expect(value(exit).equals(await whole)).toBe(true)
    expect(
      files(seen)
        .slice(1)
        .every(({ headers }) => /^bytes=\d+-$/.test(headers["range"] ?? "")),
    ).toBe(true)
  })

  it("a link that was kept and has died is asked for once more", async () => {
    const program = Effect.gen(function* () {
      const { document } = yield* runBrief
      if (document === undefined) return yield* Effect.die("there is no document")
      const linked = yield* Client.renew(Overten.wordGenerate, document)
      yield* Effect.sleep("24 hours")
      return yield* fetch(linked)
    })
    const { exit, seen } = await play(emulator().handler, program, { carrier })
    expect(value(exit).equals(await whole)).toBe(true)
    expect([links(seen).length, files(seen).length]).toEqual([2, 2])
  })
})

it("a link that is refused as soon as it was made ends the download", async () => {
  const { exit, seen } = await play(faulty(emulator(), "expired-link@download:always"), fetched())
  expect(failure(exit)).toMatchObject({ _tag: "Unseen", evidence: { stage: "download", status: 403 } })
  expect([links(seen).length, files(seen).length]).toEqual([1, 1])
})

it("a document is there for as long as the run is, whenever it is asked for", async () => {
  expect(value((await play(emulator().handler, fetched("29 days"))).exit).equals(await whole)).toBe(true)
  const late = await play(emulator().handler, fetched("30 days"))
  expect(failure(late.exit)).toMatchObject({
    _tag: "Lost",
    reason: { _tag: "Gone" },
    evidence: { stage: "download", status: 410 },
  })
})

it.each([
  ["401 invalid_api_key", 401, { _tag: "Unseen", reason: { _tag: "Unauthenticated" } }],
  ["403 forbidden", 403, { _tag: "Unseen", reason: { _tag: "Forbidden" } }],
  ["404 not_found", 404, { _tag: "Lost", reason: { _tag: "NotFound", what: "run in this organisation" } }],
  ["409 conflict", 409, { _tag: "Unseen", reason: { _tag: "Conflict", over: "State" } }],
  ["501 not_implemented", 501, { _tag: "Unseen", reason: { _tag: "NotImplemented" } }],
] as const)("3.6 %s at a download ends it", async (row, status, expected) => {
  const answer = refusal(status, row.split(" ")[1] ?? "")
  const { exit, seen } = await play(scripted(emulator(), [on("download", answer)]), fetched())
  expect(failure(exit)).toMatchObject({ ...expected, evidence: { stage: "download", status } })
  expect(files(seen)).toEqual([])
})

it.each([
  ["429 rate_limit_exceeded", 429],
  ["500 internal_error", 500],
  ["502 upstream_error", 502],
  ["503 service_unavailable", 503],
])("3.6 %s at a download is outlived", async (row, status) => {
  const answer = refusal(status, row.split(" ")[1] ?? "")
  const { exit } = await play(scripted(emulator(), [on("download", answer, 2)]), fetched())
  expect(value(exit).equals(await whole)).toBe(true)
})

it("3.6 302 without a place to go leads nowhere", async () => {
  const { exit } = await play(scripted(emulator(), [on("download", { status: 302 }, 99)]), fetched())
  expect(failure(exit)).toMatchObject({ _tag: "Unseen", reason: { _tag: "Malformed" } })
})

it("an address elsewhere than the API is the link itself", async () => {
  const service = emulator()
  const { exit, seen } = await play(
    (request) =>
      Effect.map(service.handler(request), (behaviour) => {
        if (service.hooks.stageOf(request) !== "submit" || !("response" in behaviour)) return behaviour
        const body = JSON.parse(new TextDecoder().decode(behaviour.response.body))
        return Emulator.json(200, { ...body, download_url: "http://files.example/a.docx?signature=f00d" })
      }),
    Effect.andThen(runBrief, ({ document }) => Effect.zip(Effect.succeed(document), Effect.exit(fetch(document)))),
  )
  const [document] = value(exit)
  expect(Redacted.value(document?.link as never)).toBe("http://files.example/a.docx?signature=f00d")
  expect(seen[1]).toMatchObject({ path: "/a.docx", query: { signature: "f00d" } })
  expect(JSON.stringify(seen[1])).not.toContain(apiKey)
})

it("an address of the API is no link, whether it is told with our base or the service's own", async () => {
  for (const download_url of [
    "http://service.test/api/v1/x",
    "https://backend.overtenai.com/api/v1/x",
    "/runs/x/download",
  ]) {
    const json = { run_id: "run_1", task_id: "task_1", status: "completed", download_url }
    const { exit } = await play(scripted(emulator(), [on("submit", { status: 200, json })]), runBrief)
    const { document } = value(exit)
    expect(document).toBeInstanceOf(Artifact.Artifact)
    expect(document?.link).toBeUndefined()
  }
})

it("an editor's link says when it dies, and one more look brings another", async () => {
  const program = Effect.gen(function* () {
    const handle = yield* Client.submit(brief)
    const { editor } = yield* Client.settle(Overten.wordGenerate, handle)
    if (editor === undefined) return yield* Effect.die("there is no editor")
    yield* Effect.sleep("1 hour")
    return [editor, yield* Client.renew(Overten.wordGenerate, editor), yield* fetch(editor)] as const
  })
  const { exit, seen } = await play(emulator().handler, program)
  const [first, second, page] = value(exit)
  const linkOf = ({ link }: Artifact.Artifact) => Redacted.value(link as never)
  expect(JSON.stringify([first.expiresAt, second.expiresAt])).toBe(
    '["2026-01-01T00:15:05.000Z","2026-01-01T01:15:05.000Z"]',
  )
  expect(linkOf(first)).not.toBe(linkOf(second))
  expect(page.toString()).toContain("an editor of run_")
  expect(links(seen)).toEqual([])
})

it("what a later task of the run made is what is fetched: the file is not of one task for ever", async () => {
  const program = Effect.gen(function* () {
    const first = yield* runBrief
    const before = yield* fetch(first.document)
    yield* Client.run(Overten.wordGenerate({ prompt: "Shorter", run_id: first.run_id ?? "" }))
    return [before, yield* fetch(first.document)] as const
  })
  const [before, after] = value((await play(emulator().handler, program)).exit)
  expect(after.equals(before)).toBe(false)
})
