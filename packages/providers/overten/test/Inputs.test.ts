import { Duration } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import * as Operation from "@tenuto/core/Operation"
import * as Overten from "@tenuto/overten"
import { emulator, failure, keysOf, ledger, play, posts, value } from "./stage.ts"

const prompt = "A brief"
/** One character each, two UTF-16 units. */
const notes = (count: number) => "🎵".repeat(count)
const content = new TextEncoder().encode("La la la")
const text = { name: "a.txt", type: "text/plain", content }

type Draft = Operation.Draft<typeof Overten.wordGenerate>
const untyped = (operation: { readonly name: string }, input: object): Draft => ({ operation, input }) as never
const { excelAnalyze, excelGenerate, filesUpload, imagesUpload, preflight, slidesGenerate, slidesOutline, verify } =
  Overten
const { wordGenerate } = Overten

describe("a limit is refused before anything is sent, and the field is named", () => {
  it.each<[string, Draft, string]>([
    ["no prompt", untyped(wordGenerate, {}), "prompt"],
    ["no character of a prompt", wordGenerate({ prompt: "" }), "prompt"],
    ["10,001 characters of a prompt", untyped(excelGenerate, { prompt: "a".repeat(10_001) }), "prompt"],
    ["10,001 notes as a prompt", untyped(slidesGenerate, { prompt: notes(10_001) }), "prompt"],
    ["a mode nobody knows", untyped(slidesOutline, { prompt, mode: "dream" }), "mode"],
    ["a time-out below 10 seconds", wordGenerate({ prompt, timeout_ms: Duration.millis(9999) }), "timeout_ms"],
    ["a time-out above half an hour", wordGenerate({ prompt, timeout_ms: Duration.millis(1_800_001) }), "timeout_ms"],
    ["a time-out of a fraction", wordGenerate({ prompt, timeout_ms: Duration.millis(10_000.5) }), "timeout_ms"],
    ["a time-out without end", wordGenerate({ prompt, timeout_ms: Duration.infinity }), "timeout_ms"],
    ["a bare number of milliseconds", untyped(wordGenerate, { prompt, timeout_ms: 60_000 }), "timeout_ms"],
    ["a webhook that is no URL", wordGenerate({ prompt, webhook_url: "hooks.example" }), "webhook_url"],
    ["async that is no truth", untyped(excelAnalyze, { prompt, async: "yes" }), "async"],
    ["files that are no list", untyped(wordGenerate, { prompt, context_files: "file_1" }), "context_files"],
    ["a field nobody knows", untyped(wordGenerate, { prompt, tempo: 120 }), "tempo"],
    ["a key among the input", untyped(wordGenerate, { prompt, idempotency_key: "mine" }), "idempotency_key"],
    ["a name of ours for a field", untyped(wordGenerate, { prompt, webhookUrl: "http://a.test" }), "webhookUrl"],
    ["no format for a dry run", untyped(preflight, { prompt }), "format"],
    ["a format nobody knows", untyped(preflight, { prompt, format: "pdf" }), "format"],
    ["no prompt for a dry run", untyped(preflight, { format: "word", prompt: "" }), "prompt"],
    ["no file", untyped(filesUpload, {}), "file"],
    ["a file without a name", untyped(filesUpload, { file: { ...text, name: "" } }), "file.name"],
    ["a file without a type", untyped(imagesUpload, { file: { ...text, type: "" } }), "file.type"],
    ["a file whose content is text", untyped(filesUpload, { file: { ...text, content: "La" } }), "file.content"],
    ["a purpose nobody knows", untyped(filesUpload, { file: text, purpose: "fun" }), "purpose"],
    ["a purpose for an image", untyped(imagesUpload, { file: text, purpose: "init" }), "purpose"],
    ["something to verify", untyped(verify, { key: "x" }), "key"],
  ])("%s", async (_, draft, field) => {
    const service = emulator()
    const { exit, seen } = await play(service.handler, Client.run(draft))
    const error = failure(exit)
    expect(error).toMatchObject({ _tag: "Rejected", evidence: { stage: "draft" }, reason: { _tag: "Invalid" } })
    const { issues } = (
      error as { readonly reason: { readonly issues: ReadonlyArray<{ readonly path: ReadonlyArray<string> }> } }
    ).reason
    expect(issues.map(({ path }) => path.join("."))).toContain(field)
    expect(seen).toEqual([])
    expect((await ledger(service)).requests).toEqual([])
  })

  it("every field that is wrong is named at once", async () => {
    const draft = wordGenerate({ prompt: "", webhook_url: "x", timeout_ms: Duration.seconds(1) })
    const { exit } = await play(emulator().handler, Client.run(draft))
    expect(failure(exit).message).toMatch(/prompt: .*webhook_url: .*timeout_ms: /)
  })
})

describe("what is just within the limits is sent as it is, and taken", () => {
  it.each<[string, Draft, object]>([
    ["10,000 notes as a prompt", wordGenerate({ prompt: notes(10_000) }), { prompt: notes(10_000) }],
    ["the shortest time-out", wordGenerate({ prompt, timeout_ms: Duration.seconds(10) }), { timeout_ms: 10_000 }],
    ["the longest time-out", wordGenerate({ prompt, timeout_ms: Duration.minutes(30) }), { timeout_ms: 1_800_000 }],
    [
      "every field",
      wordGenerate({
        prompt,
        mode: "ask",
        init_file: "file_1",
        context_files: ["file_2", { id: "file_3" }],
        data_sources: [],
        image_assets: ["img_1"],
        brand: { color: "teal" },
        async: false,
        webhook_url: "http://me.test/hook",
        file_name: "brief",
      }),
      { mode: "ask", context_files: ["file_2", { id: "file_3" }], brand: { color: "teal" }, async: false },
    ],
  ])("%s", async (_, draft, expected) => {
    const { exit, seen } = await play(emulator().handler, Client.run(draft))
    value(exit)
    expect(posts(seen)[0]?.body).toMatchObject(expected)
  })
})

describe("keys", () => {
  it("a key of the caller's is sent as it is, whatever its form", async () => {
    const { exit, seen } = await play(emulator().handler, Client.run(wordGenerate({ prompt }, { key: "order 17 🎵" })))
    value(exit)
    expect(keysOf(seen)).toEqual(["order 17 🎵"])
  })

  it("uploads, dry runs and questions carry none", async () => {
    for (const draft of [
      filesUpload({ file: text }, { key: "k" }),
      preflight({ format: "word", prompt }, { key: "k" }),
      verify({}, { key: "k" }),
    ]) {
      const { exit, seen } = await play(emulator().handler, Client.run(draft as unknown as Draft))
      value(exit)
      expect(JSON.stringify(seen)).not.toContain("idempotency_key")
    }
  })
})

describe("files", () => {
  it("the bytes arrive as they are, and the journal keeps them as base64", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
    const file = { name: 'odd "name".bin', type: "application/octet-stream", content: bytes }
    const service = emulator()
    const { exit, journal, seen } = await play(service.handler, Client.run(filesUpload({ file, purpose: "init" })))
    expect(value(exit)).toMatchObject({ answer: { size: 256, type: "application/octet-stream", purpose: "init" } })
    expect(journal).toContain(Buffer.from(bytes).toString("base64"))
    expect(seen[0]?.headers["content-type"]).toMatch(/^multipart\/form-data; boundary=/)
    expect((await ledger(service)).uploads).toMatchObject([{ size: 256, purpose: "init" }])
  })

  it("nothing is sent of a purpose that is not given, and the service's default counts", async () => {
    const { exit, seen } = await play(emulator().handler, Client.run(filesUpload({ file: text })))
    expect(value(exit)).toMatchObject({ answer: { purpose: "context" } })
    expect(String(seen[0]?.body)).not.toContain("purpose")
  })

  it("an image is a form too", async () => {
    const { exit } = await play(emulator().handler, Client.run(imagesUpload({ file: { ...text, type: "image/png" } })))
    expect(value(exit)).toMatchObject({ id: expect.stringMatching(/^img_/) })
  })

  it("one that is too large is refused, and not sent again", async () => {
    const { exit, seen } = await play(emulator({ largest: 10n }).handler, Client.run(filesUpload({ file: text })))
    expect(failure(exit)).toMatchObject({ _tag: "Rejected", reason: { _tag: "TooLarge" } })
    expect(seen).toHaveLength(1)
  })
})
