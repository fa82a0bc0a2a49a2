import { spawnSync } from "node:child_process"
import * as Soundpiece from "@tenuto/soundpiece/Emulator"
import { matchers, type Matching } from "@tenuto/testkit/Matchers"
import { createKit, demand, exhaustively } from "@tenuto/testkit/Promise"
import { http } from "msw"
import { setupServer } from "msw/node"
import { expect, test } from "vitest"
import { asItWas, mended } from "./songs.suite.ts"
import { newSong } from "./songs.ts"

expect.extend(matchers)
declare module "vitest" {
  interface Matchers<R extends void | Promise<void>, T> extends Matching<R> {}
}

test("that Retry-After is not heard is found, and the last line of what is said replays it", async () => {
  const red = await demand(exhaustively(asItWas, { depth: 1 })).catch((error: unknown) => error)
  expect(red).toMatchObject({ name: "Red", message: expect.stringMatching(/as-asked: .* asked for 30 s at 5 s/) })
  const line = String(red).split("\n").at(-1) ?? ""
  expect(line).toMatch("npx tenuto replay v1:songs.suite.ts:as-it-was:memory:0:429=30@look:")
  const { status, stdout } = spawnSync(line, { shell: true, encoding: "utf8" })
  expect(stdout).toContain(`the timeline is the same: ${line.split(":").at(-1)}\nstill red`)
  expect(status).toBe(1)
})

test("the mended client is right in every story of three steps", async () => {
  expect(await demand(exhaustively(mended, { depth: 3 }))).toMatchObject({ stories: 5 + 25 + 125 })
})

test("behind msw it is the same service, in the same time", async () => {
  await using kit = await createKit({ service: Soundpiece.make({ work: "20 seconds" }), faults: ["429=30@look"] })
  const server = setupServer(http.all("https://api.soundpiece.co/*", ({ request }) => kit.fetch(request)))
  server.listen({ onUnhandledFrame: "error" })
  try {
    expect(await kit.run(() => newSong("Slow waltz"))).toMatchObject({ status: "ready" })
  } finally {
    server.close()
  }
  expect((await kit.ledger()).operations).toHaveLength(1)
  expect(kit).toMatchTimeline(new URL("golden/behind-msw.txt", import.meta.url))
  await expect(kit).toPassChecks({ secrets: ["spk_team"] })
})
