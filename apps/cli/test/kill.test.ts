import * as SqliteJournal from "@tenuto/journal/SqliteJournal"
import { Journal } from "@tenuto/core/Journal"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import * as Effect from "effect/Effect"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { dice } from "./dice.ts"
import { directory, emulator, newSong, run, tenuto } from "./tenuto.ts"

const rounds = Number(process.env["TENUTO_KILLS"] ?? 8)
const seed = Number(process.env["TENUTO_SEED"] ?? 1)

const stateIn = (file: string, entry: string): Promise<Lifecycle.State | undefined> =>
  Effect.runPromise(
    Effect.provide(
      Journal.use(({ entries, read }) =>
        Effect.flatMap(entries({ entry }), ([found]) => Effect.map(read(entry, found?.account), Lifecycle.fold)),
      ),
      SqliteJournal.layerReadOnly(file),
    ),
  )

test(
  `${rounds} runs killed anywhere with -9 (seed ${seed}): recover settles every operation, none is created twice`,
  async () => {
    // The service acts at once and takes its time to say so: the window in which an answer can be lost.
    const service = await emulator("--work", "400ms", "--fault", "slow-head=0.2@submit:always")
    const [at, journals] = [dice(seed), directory()]
    const plans = Array.from({ length: rounds }, (_, round) => ({
      round,
      key: `00000000-0000-4000-8000-${String(round).padStart(12, "0")}`,
      lines: Math.floor(at() * 7),
      pause: at() * 250,
    }))
    const left: Array<(typeof plans)[number]> = [...plans]
    const known = new Map<string, string>()
    const stages = new Map<string, number>()

    const play = async ({ key, lines, pause, round }: (typeof plans)[number]) => {
      const journal = join(journals, `${round}.db`)
      const flags = ["--base-url", service.url, "--journal", journal, "--json"]
      const running = tenuto(["run", ...newSong, "--key", key, ...flags])
      if (lines > 0) await running.line((_, index) => index >= lines - 1)
      await new Promise((resolve) => setTimeout(resolve, pause))
      running.child.kill("SIGKILL")
      const killed = await running.ended
      const last = killed.lines.at(-1)
      const stage = JSON.stringify(last?.["state"] ?? last?.["outcome"] ?? "before anything")
      stages.set(stage, (stages.get(stage) ?? 0) + 1)
      if (!existsSync(journal)) return
      const recovered = await run(["recover", ...flags])
      expect([round, recovered.code, recovered.err]).toEqual([round, 0, ""])
      const state = await stateIn(journal, `soundpiece/create.new_song/${key}`)
      if (state === undefined) return
      expect([round, state]).toMatchObject([
        round,
        { _tag: "Settled", outcome: { observation: { _tag: "Succeeded" } } },
      ])
      if (Lifecycle.isSettled(state)) known.set(key, state.outcome.handle.id)
    }
    const worker = async () => {
      for (let plan = left.shift(); plan !== undefined; plan = left.shift()) await play(plan)
    }
    await Promise.all([worker(), worker()])

    const { ledger } = await service.stop()
    const operations = ledger["operations"] as ReadonlyArray<{ readonly key: string; readonly id: string }>
    console.log(
      `killed at: ${[...stages].map(([stage, many]) => `${stage} ${many}`).join(", ")}; settled ${known.size}`,
    )
    // What the service holds and what the journals know is the same, one operation for each key.
    expect(Object.fromEntries(operations.map(({ key, id }) => [key, id]))).toEqual(Object.fromEntries(known))
    expect(new Set(operations.map(({ key }) => key)).size).toBe(operations.length)
  },
  180_000 + rounds * 10_000,
)
