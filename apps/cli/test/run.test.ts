import { readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { apiKey, at, directory, emulator, goOn, newSong, paste, run, server, song, tenuto } from "./tenuto.ts"

describe("laws", () => {
  test("an answer lost after the service acted is asked for again under one key, and one operation is created", async () => {
    const service = await emulator("--work", "500ms", "--fault", "reset-after-commit@submit")
    const out = directory()
    const ended = await run(["run", ...newSong, "--base-url", service.url, "--out", out, "--json"])
    expect(ended.code).toBe(0)
    const last = ended.lines.at(-1)
    expect(last).toMatchObject({ outcome: "Succeeded", output: { outputs: [{ audio: { mediaType: "audio/flac" } }] } })
    expect(at(last, "output.outputs.0.audio.file")).toContain(join(out, String(at(last, "handle.id"))))
    const { ledger, requests } = await service.stop()
    expect(ledger["operations"]).toMatchObject([{ puts: 2, key: at(last, "handle.key") }])
    expect(requests.filter(({ stage }) => stage === "submit")).toMatchObject([{ did: "Reset" }, { status: 200 }])
    // Links are bearer secrets and stay off both streams.
    expect(ended.out + ended.err).not.toContain("/cdn/")
    expect(ledger["leaks"]).toBe(0)
  })

  test("every line of --json is JSON, and the last one tells the outcome", async () => {
    const service = await emulator("--work", "100ms", "--failing", "tos_violation")
    const ended = await run(["run", ...newSong, "--base-url", service.url, "--json"])
    expect(ended.code).toBe(12)
    expect(ended.lines).toHaveLength(ended.out.trimEnd().split("\n").length)
    expect(ended.lines.at(-1)).toMatchObject({
      outcome: "Failed",
      handle: { version: 1, service: "soundpiece" },
      failure: { reason: { _tag: "PolicyViolation" }, code: "tos_violation" },
    })
  })

  test("a word nobody knows is neither success nor failure: the wait ends overdue after few looks", async () => {
    const { seen, url } = await server((_, index, response) => song(response, index === 0 ? "processing" : "scanning"))
    const ended = await run(["run", ...newSong, "--base-url", url, "--within", "6s", "--json"])
    expect(ended.code).toBe(15)
    expect(ended.lines.at(-1)).toMatchObject({ outcome: "Overdue", failure: { last: { word: "scanning" } } })
    const looks = seen.filter(({ method }) => method === "GET").length
    expect(looks).toBeGreaterThan(1)
    expect(looks).toBeLessThanOrEqual(10)
    expect(goOn(ended)).toMatch(/^tenuto settle /)
  })

  test("no request comes sooner than Retry-After asks", async () => {
    const { seen, url } = await server((_, index, response) => {
      if (index === 0) return void response.writeHead(429, { "retry-after": "2" }).end()
      song(response, "failed")
    })
    await run(["run", ...newSong, "--base-url", url, "--json"])
    expect(seen[1]?.at).toBeGreaterThanOrEqual((seen[0]?.at ?? Infinity) + 2000)
  })

  test("a refused credential is asked about once, and appears nowhere", async () => {
    const { seen, url } = await server((_, __, response, request) => {
      response.writeHead(401, { "content-type": "application/json" })
      response.end(JSON.stringify({ detail: `no such key: ${request.headers["authorization"]}` }))
    })
    const ended = await run(["run", ...newSong, "--base-url", url, "--json", "--journal", join(directory(), "j.db")])
    expect(ended.code).toBe(10)
    expect(seen).toHaveLength(1)
    expect(ended.lines.at(-1)).toMatchObject({ outcome: "Rejected", failure: { reason: { _tag: "Unauthenticated" } } })
    expect(ended.out + ended.err).not.toContain(apiKey)
  })
})

describe("an interruption", () => {
  test("leaves accepted work running, says so, and prints a command that goes on", async () => {
    const service = await emulator("--work", "3s")
    const out = join(directory(), "songs of today")
    const running = tenuto(["run", ...newSong, "--base-url", service.url, "--json", "--out", out])
    await running.line((line) => at(line, "next._tag") === "Look")
    running.child.kill("SIGINT")
    const ended = await running.ended
    expect(ended.code).toBe(130)
    expect(ended.err).toContain("still running at the service")
    expect(ended.lines.at(-1)).toMatchObject({ outcome: "Interrupted", goOn: goOn(ended) })
    const later = await paste(goOn(ended))
    expect(later.code).toBe(0)
    expect(readdirSync(out)).toHaveLength(1)
    expect((await service.stop()).ledger["operations"]).toHaveLength(1)
  })

  test("while the answer is awaited prints a command with the same key", async () => {
    const service = await emulator("--work", "100ms", "--fault", "hang-after-commit@submit")
    const running = tenuto(
      ["run", "soundpiece", "create.new_song", "--input", "-", "--base-url", service.url, "--json"],
      {
        input: `{"lyrics":"It's a note", "prompt":"Waltz"}`,
      },
    )
    await running.line((line) => at(line, "event._tag") === "Sending")
    running.child.kill("SIGTERM")
    const ended = await running.ended
    expect(ended.code).toBe(130)
    expect(ended.err).toContain("may have been accepted")
    expect((await paste(goOn(ended))).code).toBe(0)
    expect((await service.stop()).ledger["operations"]).toHaveLength(1)
  })
})

test("what a service says cannot move the cursor or name the window", async () => {
  const said = "bad \u001b[2J\u001b]0;title\u0007\u009b31m"
  const { url } = await server((_, __, response) => {
    response.writeHead(422, { "content-type": "application/json" })
    response.end(JSON.stringify({ detail: [{ loc: ["body", "lyrics"], msg: said, type: "x" }] }))
  })
  for (const json of [[], ["--json"]]) {
    const ended = await run(["run", ...newSong, "--base-url", url, ...json])
    expect(ended.code).toBe(10)
    expect(ended.err).toContain("bad \\u001b[2J")
    expect(ended.err + ended.out).not.toMatch(/[^\P{Cc}\n]/u)
  }
})

test("an uncertain request ends with 11 and the command that asks again under its key", async () => {
  const service = await emulator("--work", "100ms", "--fault", "hang-after-commit@submit")
  const out = directory()
  const ended = await run(["run", ...newSong, "--base-url", service.url, "--within", "1s", "--out", out])
  expect(ended.code).toBe(11)
  expect(ended.out).toBe("")
  expect(goOn(ended)).toMatch(/--key [0-9a-f-]{36}/)
  expect((await paste(goOn(ended))).code).toBe(0)
  expect(readdirSync(out)).toHaveLength(1)
  expect((await service.stop()).ledger["operations"]).toHaveLength(1)
})

test("a refusal that will pass ends with 10 and the command that asks again under its key", async () => {
  const service = await emulator("--work", "100ms", "--fault", "429=30@submit")
  const ended = await run(["run", ...newSong, "--base-url", service.url, "--within", "20s"])
  expect(ended.code).toBe(10)
  expect(ended.err).toContain("send it again after 30 s under the same key")
  const later = await paste(`${goOn(ended)} --json`)
  expect(later.code).toBe(0)
  expect(goOn(ended)).toContain(`--key ${String(at(later.lines.at(-1), "handle.key"))}`)
})

test("a file that does not come ends the command when --within does, and it can be fetched later", async () => {
  const service = await emulator("--work", "100ms", "--fault", "hang-before-commit@download")
  const files = ["--base-url", service.url, "--out", directory()]
  const ended = await run(["run", ...newSong, ...files, "--within", "6s"])
  expect(ended.code).toBe(16)
  expect((await paste(goOn(ended))).code).toBe(0)
})

test("a file that cannot be written ends with 73, and the work is not lost", async () => {
  const service = await emulator("--work", "100ms")
  const ended = await run(["run", ...newSong, "--base-url", service.url, "--out", "/dev/null/songs"])
  expect([ended.code, ended.out]).toEqual([73, ""])
  expect(goOn(ended)).toMatch(/^tenuto download .* --out \/dev\/null\/songs$/)
})

test("files that a recovery could not save are not lost: the work is settled, and it says how to fetch them", async () => {
  const service = await emulator("--work", "4s")
  const journal = ["--journal", join(directory(), "jobs.db")]
  const begun = await run(["run", ...newSong, "--base-url", service.url, ...journal, "--within", "2s"])
  expect(begun.code).toBe(15)
  const ended = await run(["recover", ...journal, "--base-url", service.url, "--out", "/dev/null/songs"])
  expect(ended.code).toBe(73)
  const out = directory()
  expect((await paste(goOn(ended).replace("/dev/null/songs", out))).code).toBe(0)
  expect(readdirSync(out)).toHaveLength(1)
})

test("submit prints a handle; look, settle and download take it", async () => {
  const service = await emulator("--work", "1s")
  const base = ["--base-url", service.url]
  const submitted = await run(["submit", ...newSong, ...base])
  expect(submitted.code).toBe(0)
  const out = directory()
  const file = join(out, "handle.json")
  writeFileSync(file, submitted.out)
  const looked = await run(["look", "-", ...base, "--json"], { input: submitted.out })
  expect(looked.lines).toMatchObject([{ outcome: expect.stringMatching(/^(Pending|Succeeded)$/) }])
  const settled = await run(["settle", `@${file}`, ...base])
  expect([settled.code, settled.err]).toEqual([0, ""])
  expect(JSON.parse(settled.out)).toMatchObject({ outputs: [{ audio: { name: "outputs.0" } }] })
  const cancelled = await run(["cancel", `@${file}`, ...base])
  expect([cancelled.code, cancelled.out]).toEqual([10, expect.stringContaining("offers no cancellation")])
  const downloaded = await run([
    "download",
    submitted.out.trim(),
    "outputs.0",
    ...base,
    "--out",
    join(out, "new", "songs"),
  ])
  expect(downloaded.out).toMatch(/new\/songs\/op_\w+\.outputs\.0\.flac\n$/)
})
