/**
 * What judging costs: 400 songs and 800, each submitted and looked at every 20 s until it ends, five to ten times:
 * `node packages/testkit/bench/judging.ts [rounds]`.
 *
 * Twice as many songs should take twice as long; the last line is that ratio. Figures are medians.
 */
import { strict as assert } from "node:assert"
import * as Checks from "@tenuto/testkit/Checks"
import type { Exchange } from "@tenuto/testkit/Transcript"

const apart = 20

const asked = (at: number, status: number, more: Partial<Exchange>, body: object): Exchange => ({
  at,
  origin: "http://choir.test",
  method: "GET",
  path: "/songs",
  query: {},
  headers: {},
  body: "",
  ...more,
  answer: { at, status, headers: { "retry-after": String(apart) }, body },
  end: { at, did: "Answered" },
})

const submit = (song: number): Exchange => {
  const headers = { "idempotency-key": `k${song}` }
  return asked(0, 202, { stage: "submit", method: "POST", headers, body: { lyrics: `La ${song}` } }, { id: song })
}
const looksOf = (song: number): number => 5 + (song % 6)
const look = (song: number, nth: number): Exchange => {
  const status = nth === looksOf(song) ? "ready" : "singing"
  return asked(nth * apart, 200, { stage: "look", path: `/songs/${song}` }, { status })
}

const runOf = (songs: number): Checks.Run => {
  const all = Array.from({ length: songs }, (_, song) => song)
  const looks = Array.from({ length: 10 }, (_, before) =>
    all.filter((song) => before < looksOf(song)).map((song) => look(song, before + 1)),
  )
  return { start: "2026-01-01T00:00:00.000Z", exchanges: [...all.map(submit), ...looks.flat()] }
}

const median = (values: ReadonlyArray<number>): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN
const rounds = Number(process.argv[2] ?? 15)
const sizes = [400, 800].map((songs) => ({ songs, run: runOf(songs), wall: [] as Array<number> }))

// The first round warms up.
for (let round = 0; round <= rounds; round++) {
  for (const { run, wall } of sizes) {
    const start = performance.now()
    assert.deepEqual(Checks.judge(run), [])
    if (round > 0) wall.push(performance.now() - start)
  }
}

for (const { run, songs, wall } of sizes) {
  console.log(`  ${songs} songs, ${run.exchanges.length} exchanges: ${median(wall).toFixed(1)} ms`)
}
const [few = NaN, many = NaN] = sizes.map(({ wall }) => median(wall))
console.log(`  twice the songs take ${(many / few).toFixed(1)} times as long`)
