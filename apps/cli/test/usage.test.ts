import { writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { describe, expect, onTestFinished, test } from "vitest"
import manifest from "../package.json" with { type: "json" }
import { directory, newSong, run } from "./tenuto.ts"

const handle = (change: object) =>
  JSON.stringify({
    version: 1,
    service: "soundpiece",
    origin: "https://api.soundpiece.co",
    operation: "create.new_song",
    id: "op_1",
    ...change,
  })

const input = ["run", "soundpiece", "create.new_song", "--input"]

const mistakes: ReadonlyArray<readonly [string, ReadonlyArray<string>, RegExp]> = [
  ["an unknown service", ["run", "soundpeace", "x", "--input", "{}"], /did you mean soundpiece\?/],
  ["an unknown operation", ["run", "soundpiece", "new_song", "--input", "{}"], /did you mean create\.new_song\?/],
  ["input that is not JSON", [...input, '{\n"lyrics": x}'], /--input is not JSON: line 2, column 11: a value/],
  [
    "a number that would become another one",
    ["run", "heydonna", "projects.create", "--input", '{"metadata":{"matter":9007199254740993}}'],
    /the number 9007199254740993, which would be sent as another one.*as text/s,
  ],
  ["an unknown field", [...input, '{"lyrics":"a","promt":"b"}'], /promt: .*nothing was sent/s],
  ["a missing flag", ["run", "soundpiece", "create.new_song"], /--input/],
  ["a file that is not there", [...input, "@nowhere.json"], /nowhere\.json cannot be read: there is no such file/],
  ["a duration that is none", ["run", ...newSong, "--within", "soon"], /--within.*20s, 5m/s],
  ["an address that is none", ["run", ...newSong, "--base-url", "there"], /--base-url.*http/s],
  ["a handle of another version", ["settle", handle({ version: 2 })], /version 2.*version 1/],
  [
    "a handle of another service",
    ["look", handle({ service: "elsewhere" })],
    /service "elsewhere".*known: soundpiece/s,
  ],
  ["a handle of another origin", ["settle", handle({ origin: "http://h" })], /belongs to http:\/\/h.*--base-url/s],
  ["a handle of an unknown operation", ["settle", handle({ operation: "sing" })], /no operation "sing"/],
  ["an address with a query", ["run", ...newSong, "--base-url", "http://h/v1?a=b"], /--base-url.*without/s],
  ["an unknown stage", ["explain", "soundpiece", "looking", "422"], /did you mean look\?/],
  [
    "a fault of no port",
    ["emulate", "soundpiece", "--fault", "refused@submit"],
    /cannot happen on a port that listens/,
  ],
  ["another", ["emulate", "soundpiece", "--fault", "tls@look"], /cannot happen on a port .* plain HTTP/],
  [
    "a fault of a stage that the service does not have",
    ["emulate", "soundpiece", "--fault", "503@cancel"],
    /"503@cancel" cannot happen: this service has the stages submit, look, long-poll, download/,
  ],
  ["an unknown fault", ["emulate", "soundpiece", "--fault", "flood@look"], /names no fault; known: /],
  ["coverage of nothing", ["coverage"], /TENUTO_COVERAGE=coverage\.jsonl/],
  ["coverage from nowhere", ["coverage", "nowhere.jsonl"], /nowhere\.jsonl: .*no such file/],
  ["coverage of an unknown service", ["coverage", "x", "--service", "soundpeice"], /did you mean soundpiece/],
  ["too much asked of coverage", ["coverage", "x", "--min", "101"], /0 to 100/],
  ["an unknown command", ["rnu"], /Did you mean this\?\s+run/],
]

describe("a command line that cannot be followed ends with 64 and the way out", () => {
  test("whatever is wrong with it", async () => {
    const wrong: Array<unknown> = []
    for (let i = 0; i < mistakes.length; i += 3) {
      const some = mistakes.slice(i, i + 3).map(async ([what, args, says]) => {
        const { code, err, out } = await run(args)
        if (code !== 64 || out !== "" || !says.test(err)) wrong.push({ what, code, out, err })
      })
      await Promise.all(some)
    }
    expect(wrong).toEqual([])
  })

  test("a missing key is named, with how to set it", async () => {
    const { code, err } = await run(["run", ...newSong], { env: { TENUTO_SOUNDPIECE_KEY: undefined } })
    expect([code, err]).toEqual([64, expect.stringContaining("export TENUTO_SOUNDPIECE_KEY=")])
  })

  test("a port that is taken is named", async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const { code, err } = await run(["emulate", "soundpiece", "--port", String(port)])
    expect([code, err]).toEqual([64, expect.stringContaining(`--port ${port}: something else is listening there`)])
    const same = await run(["emulate", "soundpiece", "--port", "4010", "--control-port", "4010"])
    expect([same.code, same.err]).toEqual([64, expect.stringContaining("--port and --control-port are both 4010")])
  })
})

test("a file may begin with a mark of byte order, and must be UTF-8: nothing is sent in other letters", async () => {
  const files = directory()
  const asked = async (name: string, bytes: Uint8Array) => {
    writeFileSync(join(files, name), bytes)
    const at = ["--base-url", "http://127.0.0.1:9/v1", "--within", "1ms"]
    return run(["run", "soundpiece", "create.new_song", ...at, "--input", `@${join(files, name)}`])
  }
  const text = '{"lyrics":"caf\u00e9","prompt":"p"}'
  const [marked, latin, huge] = await Promise.all([
    asked("marked.json", Buffer.from(`\ufeff${text}`)),
    asked("latin.json", Buffer.from(text, "latin1")),
    asked("huge.json", Buffer.from(text.replace("caf", "x".repeat(20_000_000)))),
  ])
  expect(marked.code).toBe(10)
  expect([latin.code, latin.err]).toEqual([64, expect.stringContaining("latin.json cannot be read: it is not UTF-8")])
  expect([huge.code, huge.err]).toEqual([64, expect.stringContaining("lyrics: must have 1 to 3000 characters")])
})

test("a defect of ours ends with 70, says so in a line, and is not blamed on the command line", async () => {
  const sabotage = "data:text/javascript,URL.canParse=()=>{throw new Error('sabotage')}"
  const env = { NODE_OPTIONS: `--import ${sabotage.replaceAll(" ", "%20")}` }
  const { code, err } = await run(["run", ...newSong, "--base-url", "http://127.0.0.1:9"], { env })
  expect([code, err]).toEqual([70, expect.stringContaining("a defect of ours, not of the service: sabotage")])
})

test("a journal that is none ends with 74, and is left as it is", async () => {
  const journal = join(directory(), "nowhere.db")
  expect((await run(["recover", "--journal", journal])).code).toBe(74)
})

test("the version is the package's, and no command at all shows the help", async () => {
  const [version, help] = await Promise.all([run(["--version"]), run([])])
  expect([version.code, version.out]).toEqual([0, `tenuto v${manifest.version}\n`])
  expect([help.code, help.out]).toEqual([0, expect.stringContaining("SUBCOMMANDS")])
})

test("every command's help has examples", async () => {
  const commands = [
    "run",
    "submit",
    "look",
    "settle",
    "recover",
    "entries",
    "prune",
    "cancel",
    "download",
    "emulate",
    "explain",
    "coverage",
    "report",
    "demo",
  ]
  const helps = await Promise.all(commands.map((command) => run([command, "--help"])))
  expect(helps.filter(({ code, out }) => code !== 0 || !out.includes("EXAMPLES"))).toEqual([])
})

test("explain reads the table that the client reads", async () => {
  const [look, settle] = await Promise.all([
    run(["explain", "soundpiece", "look", "422", "--json"]),
    run(["explain", "soundpiece", "settle", "tos_violation", "--json"]),
  ])
  expect(look.lines).toMatchObject([
    { truth: "Lost", reason: { _tag: "NotFound" }, source: expect.stringContaining("S000") },
  ])
  expect(settle.lines).toMatchObject([
    { truth: "Failed", reason: { _tag: "PolicyViolation" }, remedy: { _tag: "FixRequest" } },
  ])
})
