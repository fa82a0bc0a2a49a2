import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { test } from "node:test"
import { demand, exhaustively, randomly } from "@tenuto/testkit/Promise"
import { asItWas, mended } from "./studio.suite.ts"

test("that a POST is sent again without a key is found, and the last line of what is said replays it", async () => {
  const red: unknown = await demand(randomly(asItWas, { runs: 40, length: 4, seed: 1 })).catch(
    (error: unknown) => error,
  )
  assert(red instanceof Error)
  assert.match(red.message, /not-again-unkeyed: POST \/videos at [\d.]+ s goes out again without a key/)
  const line = red.message.split("\n").at(-1) ?? ""
  assert.match(line, /^npx tenuto replay v1:studio\.suite\.ts:as-it-was:memory:0:(503|reset-after-commit)@submit:/)
  const { status, stdout } = spawnSync(line, { shell: true, encoding: "utf8" })
  assert.match(stdout, new RegExp(`^the timeline is the same: ${line.split(":").at(-1)}\nstill red$`, "m"))
  assert.equal(status, 1)
})

test("the mended client is right in every story of three steps", async () => {
  const { stories } = await demand(exhaustively(mended, { depth: 3 }))
  assert.equal(stories, 5 + 25 + 125)
})

test("over real sockets, jitter and all, it is the same story to the byte", async () => {
  const steps = ["429=30@submit", "503@look", "503@look"]
  const memory = await mended.tell({ carrier: "memory", seed: 7, steps })
  const loopback = await mended.tell({ carrier: "loopback", seed: 7, steps })
  assert.equal(loopback.timeline, memory.timeline)
  assert.deepEqual(loopback.violations, [])
  assert.deepEqual(memory.violations, [])
})
