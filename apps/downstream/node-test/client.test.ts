import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { test } from "node:test"
import { assert as timelines } from "@tenuto/testkit/Matchers"
import { createKit, demand, exhaustively } from "@tenuto/testkit/Promise"
import { Agent } from "undici"
import { asItWas, mended } from "./client.suite.ts"
import { render } from "./client.ts"
import { films } from "./films.ts"

test("a look after the end is found, and the last line of what is said replays it", async () => {
  const red: unknown = await demand(exhaustively(asItWas, { depth: 1 })).catch((error: unknown) => error)
  assert(red instanceof Error)
  assert.match(red.message, /settled-is-final: GET \/films\/film_1 at 65 s asks for work that ended at 60 s/)
  const line = red.message.split("\n").at(-1) ?? ""
  assert.match(line, /^npx tenuto replay v1:client\.suite\.ts:as-it-was:memory:0:/)
  const { status, stdout } = spawnSync(line, { shell: true, encoding: "utf8" })
  assert.match(stdout, new RegExp(`^the timeline is the same: ${line.split(":").at(-1)}\nstill red$`, "m"))
  assert.equal(status, 1)
})

test("the mended client is right in every story of three steps", async () => {
  const { stories } = await demand(exhaustively(mended, { depth: 3 }))
  assert.equal(stories, 4 + 16 + 64)
})

test("a minute of looks is the same text on every version of Node", async () => {
  const kit = await createKit({ service: films(), faults: ["503@look:2"] })
  await kit.run(({ dispatcher, url }) =>
    render(
      url,
      new Agent().compose(() => dispatcher.dispatch),
    ),
  )
  timelines.toMatchTimeline(kit, new URL("golden/render.txt", import.meta.url))
  await timelines.toPassChecks(kit)
  await kit.close()
})
