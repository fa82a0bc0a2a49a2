/** The programs of the README, as they stand there, killed in the middle and started again. */
import { spawn } from "node:child_process"
import { readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Soundpiece from "@tenuto/soundpiece/Emulator"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { describe, expect, onTestFinished, test } from "vitest"
import { apiKey, directory } from "./tenuto.ts"

const seed = Number(process.env["TENUTO_SEED"] ?? 1)
const page = fileURLToPath(new URL("../../../README.md", import.meta.url))
/** Every package can be imported from there. */
const packages = fileURLToPath(new URL("../../examples/node_modules", import.meta.url))

const programs = Array.from(
  readFileSync(page, "utf8").matchAll(/^## (.*)\n\n<!-- runs -->\n```ts\n([^]*?)\n```$/gm),
  ([, name = "", text = ""]) => ({ name, text }),
)

/** A service on a loopback port; `hear` is told of each request as it comes, and of its answer. */
const service = async (hear: { moment: (moment: string) => void }) => {
  const scope = Effect.runSync(Scope.make())
  onTestFinished(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  return Effect.runPromise(
    Effect.gen(function* () {
      const made = yield* Soundpiece.make({ work: "300 millis" })
      const { url } = yield* Emulator.serve((request) => {
        const name = request.method === "PUT" ? "submit" : "look"
        hear.moment(name)
        return Effect.tap(made.handler(request), () => Effect.sync(() => hear.moment(`${name} answered`)))
      })
      return { url: `${url}/v1`, songs: () => Effect.runSync(made.ledger).operations }
    }).pipe(Scope.provide(scope)),
  )
}

const play = (folder: string, env: Readonly<Record<string, string>>) => {
  const child = spawn(process.execPath, ["program.ts"], { cwd: folder, env: { ...process.env, NO_COLOR: "1", ...env } })
  let [out, err] = ["", ""]
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text))
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text))
  onTestFinished(() => void child.kill("SIGKILL"))
  const ended = new Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>((resolve) =>
    child.once("close", (code) => resolve({ code, out, err })),
  )
  return { child, ended }
}

const moments = ["submit", "submit answered", "look", "look answered"]

test("there are two of them", () => expect(programs).toHaveLength(2))

describe.each(programs)("$name", ({ text }) => {
  const stage = () => {
    const folder = directory()
    symlinkSync(packages, join(folder, "node_modules"))
    writeFileSync(join(folder, "program.ts"), text)
    return folder
  }

  test(`killed with -9 at each moment (seed ${seed}) and started again, it hands one song over and never makes two`, async () => {
    const hear: { moment: (moment: string) => void } = { moment: () => undefined }
    const { songs, url } = await service(hear)
    for (const [round, moment] of moments.entries()) {
      const folder = stage()
      const ORDER = `00000000-0000-4000-8000-${String(round).padStart(12, "0")}`
      const env = { ORDER, SOUNDPIECE_KEY: apiKey, SOUNDPIECE_URL: url }
      const first = play(folder, env)
      hear.moment = (seen) => {
        if (seen !== moment) return
        hear.moment = () => undefined
        // At once, or when what was heard has come a little further.
        setTimeout(() => first.child.kill("SIGKILL"), (seed * 7 + round * 13) % 40)
      }
      await first.ended
      hear.moment = () => undefined
      const again = await play(folder, env).ended
      expect([moment, again.err, again.code]).toEqual([moment, "", 0])
      expect(again.out, moment).toMatch(new RegExp(`^${ORDER}.*outputs`, "m"))
      expect(
        songs().filter(({ key }) => key === ORDER),
        moment,
      ).toHaveLength(1)
    }
  }, 300_000)

  test("what is wrong ends it with another code than 0, and is said", async () => {
    const { url } = await service({ moment: () => undefined })
    const keyless = await play(stage(), { SOUNDPIECE_KEY: "", SOUNDPIECE_URL: url }).ended
    expect([keyless.code, keyless.err]).toEqual([1, expect.stringContaining("the credential is missing")])
    const elsewhere = await play(stage(), { SOUNDPIECE_KEY: apiKey, SOUNDPIECE_URL: "http://127.0.0.1:1/v1?a=b" }).ended
    expect([elsewhere.code, elsewhere.err]).toEqual([1, expect.stringMatching(/never started/)])
  }, 120_000)
})
