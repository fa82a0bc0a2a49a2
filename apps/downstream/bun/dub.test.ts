import { expect, test } from "bun:test"
import { matchers, type Matching } from "@tenuto/testkit/Matchers"
import { createKit, demand, exhaustively } from "@tenuto/testkit/Promise"
import { asItWas, mended } from "./dub.suite.ts"
import { dub } from "./dub.ts"
import { service } from "./service.ts"

expect.extend(matchers)
declare module "bun:test" {
  interface Matchers<T> extends Matching<void> {}
}

test("that an unknown word is taken for the end is found, and the last line of what is said replays it", async () => {
  const red = await demand(exhaustively(asItWas, { depth: 1 })).catch((error: Error) => error)
  const said = "message" in red ? red.message : ""
  expect(said).toContain("as-told: the client says that the work succeeded; the service never said so")
  const line = said.split("\n").at(-1) ?? ""
  expect(line).toStartWith("npx tenuto replay v1:dub.suite.ts:as-it-was:memory:0:unknown-status@look:")
  const { exitCode, stdout } = Bun.spawnSync(["sh", "-c", line])
  expect(stdout.toString()).toContain(`the timeline is the same: ${line.split(":").at(-1)}\nstill red`)
  expect(exitCode).toBe(1)
})

test("the mended client is right in every story of three steps", async () => {
  expect(await demand(exhaustively(mended, { depth: 3 }))).toMatchObject({ stories: 4 + 16 + 64 })
})

test.each(["memory", "loopback"] as const)("a dub is the same text in %s", async (carrier) => {
  await using kit = await createKit({ service: service(), carrier, faults: ["unknown-status@look"] })
  await kit.run(({ url }) => dub(url))
  expect(kit).toMatchTimeline(new URL("golden/dub.txt", import.meta.url))
  await expect(kit).toPassChecks()
})
