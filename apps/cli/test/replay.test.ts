/** A red story told again by the command, from the line that was printed. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import * as Explore from "@tenuto/testkit/Explore"
import { loud } from "./loud.ts"
import * as Planted from "./planted.ts"
import { at, paste, run } from "./tenuto.ts"

const found = async (suite: Explore.Suite): Promise<Explore.Found> => {
  const explored = await Explore.exhaustively(suite, { depth: 1 })
  if (explored._tag === "Found") return explored
  throw new Error("nothing was found")
}

describe("tenuto replay", () => {
  it("tells a story of a module's suite, pasted into a shell, and exits with 1 while it is red", async () => {
    const { line, token } = await found(Planted.newKey)
    const { code, err, out } = await paste(line.replace(/^npx /, ""))
    expect([code, err]).toEqual([1, ""])
    const lines = out.trimEnd().split("\n")
    expect(lines[0]).toBe("tenuto timeline v2")
    const hash = token.split(":").at(-1)
    expect(lines.slice(-3)).toEqual([
      "once: one piece of work was begun 2 times",
      `the timeline is the same: ${hash}`,
      "still red",
    ])
  })

  it("tells it many times, on either carrier, to one hash", async () => {
    const { token } = await found(Planted.newKey)
    for (const carrier of ["memory", "loopback"]) {
      const { code, lines } = await run(["replay", token.replace(":memory:", `:${carrier}:`), "--times", "5", "--json"])
      const [line] = lines
      expect([code, at(line, "same"), at(line, "red"), at(line, "times")]).toEqual([1, true, true, 5])
      expect(at(line, "hashes")).toEqual([token.split(":").at(-1)])
      expect(at(line, "violations")).toEqual([{ check: "once", says: "one piece of work was begun 2 times" }])
    }
  })

  it("knows the services by name, and says when a story is green or another one", async () => {
    const { code, out } = await run(["replay", "v1:whisul:memory:0:503@look:00000000"])
    expect(code).toBe(0)
    expect(out).toMatch(/fault 503[\s\S]*\nthe timeline is not the same: 00000000 became [0-9a-f]{8}\ngreen\n$/)
  })

  it("draws the story as a page, and says before it plays that there is no place for one", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tenuto-"))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const { line, token } = await found(Planted.newKey)
    const file = join(folder, "red.html")
    expect((await run(["replay", token, "--report", file])).code).toBe(1)
    const page = readFileSync(file, "utf8")
    expect(page).toMatch(/^<!doctype html>/)
    for (const text of [line, "once: one piece of work was begun 2 times", "fault reset-after-commit"]) {
      expect(page).toContain(text)
    }
    const nowhere = await run(["replay", token, "--report", join(folder, "none", "red.html")])
    expect([nowhere.code, nowhere.out]).toEqual([73, ""])
    const undrawn = await run(["replay", (await found(loud)).token, "--report", file])
    expect([undrawn.code, undrawn.err]).toEqual([64, expect.stringContaining("the suite loud draws no page")])
    expect(readFileSync(file, "utf8")).toBe(page)
  })

  it("prints JSON alone, whatever the module of the suite prints", async () => {
    const { token } = await found(loud)
    const { code, err, out } = await run(["replay", token, "--json"])
    expect([code, err]).toEqual([1, "loaded\n"])
    expect(JSON.parse(out)).toMatchObject({ suite: "loud", same: true })
  })

  it.each([
    ["v1:soundpeace:memory:0::00000000", "soundpiece"],
    ["v1:soundpiece:memory:0:dance@look:00000000", "dance@look"],
    ["v1:soundpiece:memory:0", "form"],
    ["v1:test/none.ts:new-key:memory:0::00000000", "cannot be imported"],
    ["v1:../elsewhere.ts:new-key:memory:0::00000000", "is not below"],
  ])("refuses %s", async (token, says) => {
    const { code, err, out } = await run(["replay", token])
    expect([code, out]).toEqual([64, ""])
    expect(err).toContain(says)
  })
})
