import { spawnSync } from "node:child_process"
import { expect, test } from "@jest/globals"
import { matchers } from "@tenuto/testkit/Matchers"
import { createKit, demand, exhaustively } from "@tenuto/testkit/Promise"
import { scan } from "./scans.js"
import { asItWas, mended } from "./scans.suite.js"
import { service } from "./service.js"

expect.extend(matchers)

test("that a failed look is taken for a failed scan is found, and the last line of what is said replays it", async () => {
  const red = await demand(exhaustively(asItWas, { depth: 1 })).catch((error) => error)
  expect(red.message).toContain("as-told: the client says that the work failed; the service never said so")
  const line = red.message.split("\n").at(-1)
  expect(line).toContain("npx tenuto replay v1:scans.suite.js:as-it-was:memory:0:503@look:")
  const { status, stdout } = spawnSync(line, { shell: true, encoding: "utf8" })
  expect(stdout).toContain(`the timeline is the same: ${line.split(":").at(-1)}\nstill red`)
  expect(status).toBe(1)
})

test("the mended client is right in every story of three steps", async () => {
  expect(await demand(exhaustively(mended, { depth: 3 }))).toMatchObject({ stories: 4 + 16 + 64 })
})

test("twenty-five seconds of scanning take three looks", async () => {
  const kit = await createKit({ service: service(), faults: ["html@look"] })
  expect(await kit.run(({ url }) => scan(url))).toBe("succeeded")
  expect(kit).toMatchTimeline(new URL("golden/scan.txt", import.meta.url))
  await expect(kit).toPassChecks()
  await kit.close()
})
