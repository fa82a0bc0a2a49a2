/** Pages of what happened: of a run while it goes on, and of a journal after the fact. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { apiKey, at, directory, emulator, newSong, run, server, tenuto } from "./tenuto.ts"

/** The words of a page, in order, without those that only a pointer shows. */
const wordsOf = (file: string): string =>
  readFileSync(file, "utf8")
    .replaceAll(/<style>.*<\/style>|<div class="evidence".*?<\/dl><\/div>/gs, "")
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/\s+/g, " ")

const page = (name = "page.html") => join(directory(), name)

describe("--report", () => {
  test("shows the run as it was: states, sends, pauses and requests, and no secret", async () => {
    const service = await emulator("--work", "100ms", "--fault", "reset-after-commit@submit")
    const [report, out] = [page(), directory()]
    const ended = await run(["run", ...newSong, "--base-url", service.url, "--report", report, "--out", out, "--json"])
    expect(ended.code).toBe(0)
    const words = wordsOf(report)
    expect(words).toMatch(/tenuto run soundpiece create\.new_song Succeeded/)
    expect(words).toMatch(/exit code 0/)
    expect(words).toContain(String(at(ended.lines.at(-1), "handle.id")))
    expect(words).toMatch(
      /drafted Drafted .*sends Uncertain .*PUT \/v1\/create\.new_song .*uncertain Unreachable unanswered Reset .*sends again in .* after Unreachable .*accepted Pending as op#1 answered 200 .*observed Succeeded/,
    )
    const whole = readFileSync(report, "utf8")
    expect(whole).not.toContain(apiKey)
    expect(whole).not.toMatch(/signature=(?!id#)/)
    expect(readdirSync(join(report, ".."))).toEqual(["page.html"])
  })

  test.each([
    ["overdue", 15, ["--within", "2s"], "Pending, Overdue, Timeout"],
    ["refused", 10, ["--within", "20s"], "Stopped, RateLimited, 429, asked for 30s"],
  ])("is written when the work did not succeed: %s", async (fate, code, within, words) => {
    const fault = fate === "refused" ? ["--fault", "429=30@submit"] : []
    const service = await emulator("--work", "1 hour", ...fault)
    const report = page()
    const ended = await run(["run", ...newSong, "--base-url", service.url, "--report", report, ...within])
    expect(ended.code).toBe(code)
    expect(wordsOf(report)).toContain(words)
    expect(wordsOf(report)).toContain(`exit code ${code}`)
  })

  test("is written when the run is interrupted, and says so", async () => {
    const service = await emulator("--work", "1 hour")
    const report = page()
    const running = tenuto(["run", ...newSong, "--base-url", service.url, "--report", report, "--json"])
    await running.line((line) => at(line, "next._tag") === "Look")
    running.child.kill("SIGINT")
    expect((await running.ended).code).toBe(130)
    expect(wordsOf(report)).toMatch(/interrupted .*exit code 130 .*Pending/)
  })

  test("is refused before anything is sent where it cannot be written", async () => {
    const { seen, url } = await server((_, __, response) => response.end())
    const there = directory()
    const problems = [
      [join(there, "nowhere", "page.html"), "its directory does not exist"],
      [there, "it is a directory"],
      ["/dev/null/page.html", "its directory does not exist"],
    ] as const
    for (const [report, why] of problems) {
      const ended = await run(["run", ...newSong, "--base-url", url, "--report", report])
      expect([ended.code, ended.out, ended.err]).toEqual([
        73,
        "",
        `tenuto: ${report} was not written: ${why}${why.startsWith("its") ? "; make it first" : "; choose another path"}\n`,
      ])
    }
    expect(seen).toEqual([])
  })

  test("leaves a page as it was where the command line cannot be followed", async () => {
    const report = page()
    writeFileSync(report, "before")
    const ended = await run(["run", ...newSong, "--report", report], { env: { TENUTO_SOUNDPIECE_KEY: undefined } })
    expect([ended.code, readFileSync(report, "utf8")]).toEqual([64, "before"])
  })

  test("ends a run that went well with 73 when the page could not be written after all", async () => {
    const service = await emulator("--work", "1s")
    const report = page()
    const running = tenuto(["run", ...newSong, "--base-url", service.url, "--report", report, "--json"])
    await running.line((line) => at(line, "event._tag") === "Accepted")
    mkdirSync(report)
    const ended = await running.ended
    expect([ended.code, ended.lines.at(-1)]).toMatchObject([73, { outcome: "Succeeded" }])
    expect(ended.err).toContain("it is a directory")
  })

  test("hides an API key that a service repeats", async () => {
    const key = "my<key>&7"
    const { url } = await server((_, __, response) => {
      response.writeHead(200, { "content-type": `application/json; of=${key}` })
      response.end(JSON.stringify({ song: { id: "op_1", status: `x<b>${key}`, outputs: null, error: null } }))
    })
    const report = page()
    await run(["run", ...newSong, "--base-url", url, "--within", "3s", "--report", report], {
      env: { TENUTO_SOUNDPIECE_KEY: key },
    })
    expect(readFileSync(report, "utf8")).not.toMatch(/key(>|&gt;)/)
    expect(readFileSync(report, "utf8")).toContain("&quot;x&lt;b&gt;[credential]&quot;")
    expect(readFileSync(report, "utf8")).toContain("application/json; of=***<")
  })

  test("shows submit, settle and recover as well", async () => {
    const service = await emulator("--work", "1s")
    const base = ["--base-url", service.url]
    const journal = join(directory(), "jobs.db")
    const [submitted, settled, recovered] = [page(), page(), page()]
    const handle = await run(["submit", ...newSong, ...base, "--journal", journal, "--report", submitted])
    await run(["recover", "--journal", journal, ...base, "--report", recovered])
    await run(["settle", handle.out.trim(), ...base, "--report", settled])
    expect(wordsOf(submitted)).toMatch(/tenuto submit soundpiece create\.new_song Pending/)
    expect(wordsOf(recovered)).toMatch(/tenuto recover Succeeded/)
    expect(wordsOf(settled)).toMatch(/tenuto settle Succeeded/)
  })
})

describe("tenuto report", () => {
  test("shows what a journal holds: all that is open, or an entry by its name", async () => {
    const service = await emulator("--work", "1s")
    const base = ["--base-url", service.url]
    const journal = ["--journal", join(directory(), "jobs.db")]
    const submitted = await run([
      "submit",
      ...newSong,
      ...base,
      ...journal,
      "--key",
      "0b6e4a3c-6f0c-4f0e-9d51-3f5a0c1d2e3f",
      "--json",
    ])
    const handle = submitted.lines.at(-1)?.["handle"]
    const out = page()
    const open = await run(["report", ...journal, "--out", out])
    expect([open.code, open.out]).toEqual([0, `${out}\n`])
    expect(wordsOf(out)).toMatch(
      new RegExp(`drafted Drafted .*sends Uncertain .*accepted Pending as ${String(at(handle, "id"))}`),
    )
    expect((await run(["settle", JSON.stringify(handle), ...base, ...journal])).code).toBe(0)
    const nothing = await run(["report", ...journal, "--out", page()])
    expect([nothing.code, nothing.err]).toEqual([64, expect.stringContaining("nothing is open in")])
    const named = await run([
      "report",
      ...journal,
      "--entry",
      "soundpiece/create.new_song/0b6e4a3c-6f0c-4f0e-9d51-3f5a0c1d2e3f",
      "--out",
      out,
    ])
    expect([named.code, wordsOf(out)]).toEqual([0, expect.stringContaining("observed Succeeded")])
    await service.stop()
  })

  test("says what it cannot show, and writes nothing", async () => {
    const service = await emulator("--work", "1 hour")
    const journal = ["--journal", join(directory(), "jobs.db")]
    await run([
      "submit",
      ...newSong,
      "--base-url",
      service.url,
      ...journal,
      "--key",
      "0b6e4a3c-6f0c-4f0e-9d51-3f5a0c1d2e3f",
    ])
    const out = page()
    const unknown = await run([
      "report",
      ...journal,
      "--entry",
      "soundpiece/create.new_song/0b6e4a3c-6f0c-4f0e-9d51-3f5a0c1d2e4f",
      "--out",
      out,
    ])
    expect([unknown.code, unknown.err]).toEqual([
      64,
      expect.stringContaining("did you mean soundpiece/create.new_song/0b6e4a3c-6f0c-4f0e-9d51-3f5a0c1d2e3f?"),
    ])
    const nowhere = await run(["report", "--journal", join(directory(), "none.db"), "--out", out])
    expect([nowhere.code, nowhere.err]).toEqual([74, expect.stringContaining("there is no such file")])
    const denied = await run(["report", ...journal, "--out", "/dev/null/page.html"])
    expect([denied.code, denied.err]).toEqual([73, expect.stringContaining("was not written")])
    expect(existsSync(out)).toBe(false)
  })
})
