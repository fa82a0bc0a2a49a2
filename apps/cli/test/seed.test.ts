/** The services' own Python clients, as their pages print them, unchanged but for the address. */
import { execFileSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { directory, emulate, emulator, start } from "./tenuto.ts"

const python = "/usr/bin/python3"
const seeds = process.env["TENUTO_SEEDS"] ?? fileURLToPath(new URL("../../../../shared/seeds", import.meta.url))

const canRequest = (): boolean => {
  try {
    execFileSync(python, ["-c", "import requests"], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
}

/** A page of a service; its text is the service's and not kept here. */
const page = (number: string): string | undefined => {
  const name = existsSync(seeds) ? readdirSync(seeds).find((file) => file.startsWith(`${number}_`)) : undefined
  return name === undefined ? undefined : readFileSync(join(seeds, name), "utf8")
}

const soundpiece = (): string | undefined => {
  const text = page("001")
  const program = text?.slice(text.indexOf("Putting it together"))
  return /^import os\n[\s\S]*?^ {4}return song\["outputs"\]\[0\]\["url"\]$/m.exec(program ?? "")?.[0]
}

/** The page prints two functions; between them they need the names that it leaves out. */
const heydonna = (): string | undefined => {
  const text = page("003") ?? ""
  const calling = /^import time\nimport requests\n[\s\S]*?^ {4}return resp .*$/m.exec(text)?.[0]
  const waiting = /^import time\n \ndef wait_for_completion[\s\S]*?^ {4}raise TimeoutError\(.*\)$/m.exec(text)?.[0]
  return calling === undefined || waiting === undefined ? undefined : `${calling}\n\n${waiting}`
}

const missing = (program: string | undefined): string | undefined =>
  program === undefined
    ? `the service's page is not in ${seeds}; name its folder in TENUTO_SEEDS`
    : canRequest()
      ? undefined
      : `${python} lacks "requests"; apt-get install python3-requests`

const programs = { soundpiece: soundpiece(), heydonna: heydonna() }
for (const [name, program] of Object.entries(programs)) {
  const why = missing(program)
  if (why !== undefined) console.warn(`SKIPPED: the Python client of ${name}: ${why}`)
}
const isSkipped = (program: string | undefined) => missing(program) !== undefined && process.env["CI"] !== "true"

test.skipIf(isSkipped(programs.soundpiece))(
  "Soundpiece's own client works against the emulator, unchanged but for the address",
  async () => {
    expect(missing(programs.soundpiece)).toBeUndefined()
    const service = await emulator("--work", "1s")
    const file = join(directory(), "client.py")
    const moved = (programs.soundpiece ?? "").replace("https://api.soundpiece.co/v1", service.url)
    expect(moved).toContain(service.url)
    writeFileSync(file, `${moved}\n\nprint(generate_song("Hold the note", "Slow waltz"))\n`)
    const { code, err, out } = await start(python, [file], { env: { SOUNDPIECE_API_KEY: "spk_any" } }).ended
    expect([code, err]).toEqual([0, ""])
    expect(out).toMatch(new RegExp(`^${new URL(service.url).origin}/\\S+\n$`))
    const music = new Uint8Array(await (await fetch(out.trim())).arrayBuffer())
    expect(new TextDecoder().decode(music.slice(0, 4))).toBe("fLaC")
    expect((await service.stop()).ledger["operations"]).toMatchObject([{ puts: 1 }])
  },
)

test.skipIf(isSkipped(programs.heydonna))(
  "HeyDonna's own client waits out a limit and finds the end, with limits and work shortened by flags only",
  async () => {
    expect(missing(programs.heydonna)).toBeUndefined()
    // One project in three seconds, so that the second one is refused; its work has ended when it is first looked at.
    const service = await emulate("heydonna", "--work", "10ms", "--limit", "1/3s")
    const file = join(directory(), "client.py")
    const moved = (programs.heydonna ?? "").replace("https://app.heydonna.chat", service.url)
    expect(moved).toContain(service.url)
    const calls = [
      `API_KEY = "hd_ext_any"`,
      `headers = {"Authorization": f"Bearer {API_KEY}"}`,
      `body = {"title": "Hearing", "audioUrl": "https://bucket.test/a.mp3"}`,
      `url = "${service.url}/api/projects"`,
      `first = api_call_with_retry(url, method="POST", headers=headers, json=body)`,
      `second = api_call_with_retry(url, method="POST", headers=headers, json=body)`,
      `time.sleep(0.1)`,
      `print(wait_for_completion(first.json()["projectId"])["status"], wait_for_completion(second.json()["projectId"])["status"])`,
    ]
    writeFileSync(file, `${moved}\n\n${calls.join("\n")}\n`)
    const { code, err, out } = await start(python, [file]).ended
    expect([code, err]).toEqual([0, ""])
    expect(out).toMatch(/^Rate limited\. Waiting \ds\.\.\.\ncompleted completed\n$/)
    const { ledger, requests } = await service.stop()
    expect(ledger["operations"]).toHaveLength(2)
    const submits = requests.filter(({ stage }) => stage === "submit")
    expect(submits.map(({ status }) => status)).toEqual([expect.any(Number), 429, expect.any(Number)])
  },
)
