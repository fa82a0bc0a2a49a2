/** A run that is recorded, and played to another run. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { apiKey, directory, emulator, newSong, run, tenuto } from "./tenuto.ts"

test("a recorded run is played to another run: the same output, no secret in the file, nothing left", async () => {
  const service = await emulator("--work", "300ms")
  const [file, out] = [join(directory(), "run.json"), directory()]
  const first = await run(["run", ...newSong, "--base-url", service.url, "--record", file, "--out", out, "--json"])
  expect(first.code).toBe(0)
  await service.stop()
  const text = readFileSync(file, "utf8")
  expect(JSON.parse(text)).toMatchObject({ version: 1, exchanges: [{ request: { method: "PUT" } }, {}, {}] })
  expect(text).not.toContain(apiKey)
  expect(text).not.toMatch(/signature=(?!withheld-)/)

  const again = directory()
  const running = tenuto(["emulate", "soundpiece", "--cassette", file, "--json"])
  const { listening } = await running.line((line) => "listening" in line)
  const second = await run(["run", ...newSong, "--base-url", String(listening), "--out", again, "--json"])
  expect([second.code, second.err]).toEqual([0, ""])
  expect(readdirSync(again)).toEqual(readdirSync(out))
  const [name = ""] = readdirSync(out)
  expect(readFileSync(join(again, name))).toEqual(readFileSync(join(out, name)))
  running.child.kill("SIGINT")
  expect((await running.ended).lines.at(-1)).toEqual({ cassette: expect.stringContaining("everything recorded") })
})

test("what differs from the recording is told when the emulator ends, and so is what nobody asked for", async () => {
  const service = await emulator("--work", "100ms")
  const file = join(directory(), "submit.json")
  await run(["submit", ...newSong, "--base-url", service.url, "--record", file])
  const ending = async (use: (url: string) => Promise<unknown>) => {
    const playing = tenuto(["emulate", "soundpiece", "--cassette", file, "--json"])
    await use(String((await playing.line((line) => "listening" in line))["listening"]))
    playing.child.kill("SIGINT")
    return (await playing.ended).lines.at(-1)?.["cassette"]
  }
  const input = '{"lyrics":"Hold","prompt":"March"}'
  const other = (url: string) =>
    run(["submit", "soundpiece", "create.new_song", "--input", input, "--base-url", url, "--within", "1s"])
  expect(await ending(other)).toContain('body.prompt is "March", recorded "Waltz"')
  expect(await ending(async () => {})).toContain("recorded, and not asked for: PUT ")
})

test("a recording that cannot be written is refused before anything is sent", async () => {
  const service = await emulator("--work", "100ms")
  const ended = await run(["submit", ...newSong, "--base-url", service.url, "--record", "/dev/null/run.json"])
  expect(ended.code).toBe(73)
  expect(ended.err).toContain("/dev/null/run.json was not written")
  expect((await service.stop()).requests).toEqual([])
})

test.each([
  ["a difference from nothing", ["--volatile", "reference"], "no cassette", "there is none"],
  ["a file that is not there", [], undefined, "it cannot be read"],
  ["a file that breaks off", [], '{"version":1,', "it breaks off at line 1, column 14"],
  ["another version", [], '{"version":2}', "it is of version 2"],
  [
    "a promise the recording has made already",
    ["--work", "1s"],
    '{"version":1,"exchanges":[]}',
    "--work means nothing",
  ],
])("%s is refused", async (_, flags, text, said) => {
  const file = join(directory(), "cassette.json")
  if (text !== undefined) writeFileSync(file, text)
  const given = text === "no cassette" ? [] : ["--cassette", file]
  const ended = await run(["emulate", "soundpiece", ...given, ...flags], {})
  expect([ended.code, ended.err, ended.out]).toEqual([64, expect.stringContaining(said), ""])
})
