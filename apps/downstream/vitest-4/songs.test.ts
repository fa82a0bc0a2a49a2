import { spawnSync } from "node:child_process"
import { matchers, type Matching } from "@tenuto/testkit/Matchers"
import { createKit, demand, exhaustively } from "@tenuto/testkit/Promise"
import { expect, test } from "vitest"
import { receive } from "./inbox.ts"
import { asItWas, mended, service } from "./songs.suite.ts"
import { newSong } from "./songs.ts"

expect.extend(matchers)
declare module "vitest" {
  interface Matchers<T> extends Matching<void> {}
}

test("that a lost call is waited for is found, and the last line of what is said replays it", async () => {
  const red = await demand(exhaustively(asItWas, { depth: 1 })).catch((error: unknown) => error)
  expect(red).toMatchObject({
    name: "Red",
    message: expect.stringMatching(/nothing-unhandled: waits for ever: the client/),
  })
  const line = String(red).split("\n").at(-1) ?? ""
  expect(line).toMatch("npx tenuto replay v1:songs.suite.ts:as-it-was:memory:0:lost@webhook:")
  const { status, stdout } = spawnSync(line, { shell: true, encoding: "utf8" })
  expect(stdout).toContain(`the timeline is the same: ${line.split(":").at(-1)}\nstill red`)
  expect(status).toBe(1)
})

test("by itself such a wait fails at once, and says who waits", async () => {
  await using kit = await createKit({ service: service(), receiver: receive, faults: ["lost@webhook"] })
  await expect(kit.run(({ url }) => newSong(`${url}/v1`, { onlyWaits: true }))).rejects.toMatchObject({
    _tag: "Deadlock",
  })
})

test("the mended client is right in every story of three steps", async () => {
  expect(await demand(exhaustively(mended, { depth: 3 }))).toMatchObject({ stories: 5 + 25 + 125 })
})

test("a call that is lost costs ten seconds", async () => {
  await using kit = await createKit({ service: service(), receiver: receive, faults: ["lost@webhook"] })
  await kit.run(({ url }) => newSong(`${url}/v1`))
  expect(kit).toMatchTimeline(new URL("golden/lost-call.txt", import.meta.url))
  await expect(kit).toPassChecks()
})
