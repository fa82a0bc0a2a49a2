import { FLACDecoder } from "@wasm-audio-decoders/flac"
import { execFileSync } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { directory, tenuto } from "./tenuto.ts"

/** Every process whose command line holds a text. */
const processes = (text: string): ReadonlyArray<string> =>
  execFileSync("ps", ["-eo", "pid,args"], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line.includes(text))

/** A temporary directory that belongs to the demo alone. */
const prepare = () => {
  const [temporary, out] = [join(directory(), "tmp"), join(directory(), "out")]
  mkdirSync(temporary)
  return { temporary, out, running: tenuto(["demo", "--out", out], { env: { TMPDIR: temporary } }) }
}

test("the demo survives everything and leaves nothing but a song that can be heard", async () => {
  const { out, running, temporary } = prepare()
  const ended = await running.ended
  expect([ended.code, ended.err]).toEqual([0, ""])
  const said = ended.out.replaceAll("\n", " ")
  for (const survived of [
    "1 connection reset after the service had accepted the work",
    "1 answer of 503",
    "1 of 429",
    "1 kill -9",
    "1 expired link",
    "sent 4 times under 1 key",
    "operations created: 1",
  ]) {
    expect(said).toContain(survived)
  }
  expect(said).toMatch(/[1-3] long polls? that came back unfinished/)
  const [file, ...others] = readdirSync(out)
  expect(others).toEqual([])
  expect(said).toContain(join(out, file ?? ""))
  expect([processes(temporary), readdirSync(temporary)]).toEqual([[], []])

  const decoder = new FLACDecoder()
  await decoder.ready
  const { sampleRate, samplesDecoded, errors } = await decoder.decodeFile(readFileSync(join(out, file ?? "")))
  decoder.free()
  expect(errors).toEqual([])
  expect(samplesDecoded / sampleRate).toBeCloseTo(Number(/([\d.]+) s of FLAC/.exec(said)?.[1]), 1)
})

test("Ctrl-C ends the demo, its processes and its files", async () => {
  const { running, temporary } = prepare()
  await new Promise<void>((resolve) => running.child.stdout?.once("data", () => resolve()))
  expect(processes(temporary)).not.toEqual([])
  running.child.kill("SIGINT")
  const ended = await running.ended
  expect(ended.code).toBe(130)
  expect([processes(temporary), readdirSync(temporary)]).toEqual([[], []])
})
