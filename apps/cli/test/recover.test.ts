/** A journal that several services share, gone on with in one command. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { at, directory, emulate, goOn, run, tenuto } from "./tenuto.ts"

const letter = ["overten", "word.generate", "--input", '{"prompt":"A letter","async":true}']
const waltz = ["whisul", "generate", "--input", '{"prompt":"A waltz"}']
const project = ["heydonna", "projects.create", "--input", '{"title":"Hearing","audioUrl":"https://bucket.test/a.mp3"}']

/** A journal with work that was taken by services which are elsewhere now. */
const journalOf = async (...drafts: ReadonlyArray<ReadonlyArray<string>>): Promise<string> => {
  const journal = join(directory(), "jobs.db")
  for (const draft of drafts) {
    const service = await emulate(draft[0] ?? "", "--work", "1 hour")
    const { code } = await run(["submit", ...draft, "--base-url", service.url, "--journal", journal])
    expect(code).toBe(0)
    await service.stop()
  }
  return journal
}

/** Names lead nowhere: nothing that a test asks for reaches a service that exists. */
const offline = () => {
  const file = join(directory(), "offline.cjs")
  writeFileSync(
    file,
    `require("node:dns").lookup = (name, options, callback = options) =>
      callback(Object.assign(new Error("getaddrinfo ENOTFOUND " + name), { code: "ENOTFOUND", hostname: name }))
    require("node:module").syncBuiltinESMExports()`,
  )
  return { NODE_OPTIONS: `--require ${file}` }
}

describe("one journal, several services", () => {
  test("a key that is missing is told before anything is gone on with", async () => {
    const journal = await journalOf(letter, project)
    const ended = await run(["recover", "--journal", journal], { env: { TENUTO_HEYDONNA_KEY: "", ...offline() } })
    expect([ended.code, ended.err]).toEqual([64, expect.stringContaining("TENUTO_HEYDONNA_KEY is not set")])
    expect(ended.out).toBe("")
  })

  test("a setting is for those that have it", async () => {
    const journal = await journalOf(letter, waltz)
    const ended = await run(["recover", "--journal", journal, "--set", "tier=pro"], { env: offline() })
    expect([ended.code, ended.out]).toEqual([16, expect.stringContaining("whisul generate")])
    for (const wrong of ["tire=pro", "tier=gold"]) {
      const refused = await run(["recover", "--journal", journal, "--set", wrong], { env: offline() })
      expect([refused.code, refused.out]).toEqual([64, ""])
      expect(refused.err).toMatch(/did you mean tier\?|free or pro or enterprise/)
    }
  })

  test("all of them are waited for at once: one deadline bounds the whole", async () => {
    const journal = join(directory(), "jobs.db")
    const song = ["soundpiece", "create.new_song", "--input", '{"lyrics":"La","prompt":"Slow"}']
    const env = offline()
    for (const draft of [waltz, song]) {
      const running = tenuto(["submit", ...draft, "--journal", journal, "--json"], { env })
      // It was refused once, the journal has it, and the next try is planned.
      await running.line((line, index) => at(line, "next._tag") === "Submit" && index > 3)
      running.child.kill("SIGKILL")
      await running.ended
    }
    const { code, lines } = await run(["recover", "--journal", journal, "--within", "5s", "--json"], { env })
    expect(code).toBe(10)
    const first = (service: string) => lines.findIndex(({ entry }) => String(entry).startsWith(service))
    const stopped = lines.findIndex(({ state }) => state === "Stopped")
    expect(Math.max(first("whisul"), first("soundpiece"))).toBeLessThan(stopped)
    expect(lines.at(-1)?.["entries"]).toHaveLength(2)
  })
})

test("an interrupted recovery keeps the settings in the way to go on", async () => {
  const service = await emulate("overten", "--work", "1 hour")
  const journal = join(directory(), "jobs.db")
  const settings = ["--base-url", service.url, "--set", "tier=enterprise"]
  expect((await run(["submit", ...letter, ...settings, "--journal", journal])).code).toBe(0)
  const running = tenuto(["recover", "--journal", journal, ...settings, "--json"])
  await running.line(({ next }) => next !== undefined)
  running.child.kill("SIGINT")
  const ended = await running.ended
  expect(ended.code).toBe(130)
  expect(goOn(ended)).toBe(`tenuto recover --journal ${journal} ${settings.join(" ")}`)
  await service.stop()
})

describe("one journal, two accounts", () => {
  const song = [
    "soundpiece",
    "create.new_song",
    "--input",
    '{"lyrics":"La","prompt":"Slow"}',
    "--key",
    "00000000-0000-4000-8000-000000000007",
  ]
  const [one, other] = [{ TENUTO_SOUNDPIECE_KEY: "spk_of-one" }, { TENUTO_SOUNDPIECE_KEY: "spk_of-another" }]

  test("one key asks for two works, and nobody is handed, sends or settles the other's", async () => {
    const journal = join(directory(), "jobs.db")
    const service = await emulate("soundpiece", "--work", "1 hour")
    const to = ["--base-url", service.url, "--journal", journal]
    const first = await run(["submit", ...song, ...to, "--json"], { env: one })
    const second = await run(["submit", ...song, ...to, "--json"], { env: other })
    expect([first.code, second.code]).toEqual([0, 0])
    const stranger = await run(
      ["recover", "--journal", journal, "--base-url", service.url, "--within", "1s", "--json"],
      {
        env: { TENUTO_SOUNDPIECE_KEY: "spk_of-a-third" },
      },
    )
    expect([stranger.code, stranger.lines.at(-1)]).toEqual([0, { outcome: "Succeeded", entries: [], others: 2 }])
    expect(stranger.err).toContain("2 entries of other accounts are open and left alone")
  })

  test("a name stands for an account whose key is rotated", async () => {
    const journal = join(directory(), "jobs.db")
    const service = await emulate("soundpiece", "--work", "1 hour")
    const to = ["--base-url", service.url, "--journal", journal, "--account", "acme"]
    const first = await run(["submit", ...song, ...to], { env: one })
    const second = await run(["submit", ...song, ...to], { env: other })
    expect([second.code, second.out]).toEqual([0, first.out])
  })
})
