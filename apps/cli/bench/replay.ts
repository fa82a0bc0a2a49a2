/**
 * A planted bug (a new key for each attempt) is found, shrunk and replayed under load, in memory and over loopback, by the
 * command that the red run printed: `node apps/cli/bench/replay.ts [times] [node]`.
 *
 * Two loops keep the processor busy meanwhile. It fails when the bug is not found in 5 seconds, takes more than two steps,
 * or when one of the tellings has another hash. `node` is the program that replays; default: the one that runs this.
 */
import { strict as assert } from "node:assert"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { Worker } from "node:worker_threads"
import * as Explore from "@tenuto/testkit/Explore"
import { newKey } from "../test/planted.ts"

const times = process.argv[2] ?? "100"
const node = process.argv[3] ?? process.execPath
const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))
const execute = promisify(execFile)

interface Said {
  readonly hashes: ReadonlyArray<string>
  readonly same: boolean
  readonly red: boolean
}

const replay = async (token: string): Promise<Said> => {
  const args = ["--disable-warning=ExperimentalWarning", main, "replay", token, "--times", times, "--json"]
  const { stdout } = await execute(node, args).catch((error: { readonly code?: unknown; readonly stdout: string }) => {
    assert.equal(error.code, 1, error.stdout)
    return error
  })
  return JSON.parse(stdout) as Said
}

const { stdout: version } = await execute(node, ["--version"])
const loops = [1, 2].map(() => new Worker("for (;;);", { eval: true }))
try {
  const began = performance.now()
  const found = await Explore.randomly(newKey, { runs: 1000, length: 8, seed: 1 })
  const took = performance.now() - began
  assert(found._tag === "Found")
  console.log(
    `found in story ${found.stories} and shrunk in ${(took / 1000).toFixed(2)} s: ${found.story.steps.join(", ")}`,
  )
  console.log(found.line)
  assert(took < 5000 && found.story.steps.length <= 2)
  for (const carrier of ["memory", "loopback"]) {
    const start = performance.now()
    const { hashes, red, same } = await replay(found.token.replace(":memory:", `:${carrier}:`))
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    console.log(`${carrier}, ${version.trim()}: ${times} tellings, hashes ${hashes.join(", ")}, ${seconds} s`)
    assert(same && red && hashes.length === 1)
  }
} finally {
  await Promise.all(loops.map((loop) => loop.terminate()))
}
