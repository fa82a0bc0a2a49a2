import { execFileSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { directory, emulator, start } from "./tenuto.ts"

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

/** The service's own sample client, as its page prints it; it is the service's text and not kept here. */
const client = (): string | undefined => {
  const page = existsSync(seeds) ? readdirSync(seeds).find((name) => name.startsWith("001_")) : undefined
  if (page === undefined) return undefined
  const text = readFileSync(join(seeds, page), "utf8")
  const program = text.slice(text.indexOf("Putting it together"))
  return /^import os\n[\s\S]*?^ {4}return song\["outputs"\]\[0\]\["url"\]$/m.exec(program)?.[0]
}

const program = client()
const missing =
  program === undefined
    ? `the service's page is not in ${seeds}; name its folder in TENUTO_SEEDS`
    : canRequest()
      ? undefined
      : `${python} lacks "requests"; apt-get install python3-requests`

if (missing !== undefined) console.warn(`SKIPPED: the service's own Python client: ${missing}`)

test.skipIf(missing !== undefined && process.env["CI"] !== "true")(
  "the service's own Python client works against the emulator, unchanged but for the address",
  async () => {
    expect(missing).toBeUndefined()
    const service = await emulator("--work", "1s")
    const file = join(directory(), "client.py")
    const moved = (program ?? "").replace("https://api.soundpiece.co/v1", service.url)
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
