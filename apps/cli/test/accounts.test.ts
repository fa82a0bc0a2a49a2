/** Two accounts, one journal, kill -9 of either: nothing is crossed, doubled or settled by a stranger. */
import * as SqliteJournal from "@tenuto/journal/SqliteJournal"
import { Journal } from "@tenuto/core/Journal"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import * as Effect from "effect/Effect"
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { dice } from "./dice.ts"
import { at, directory, type Line, tenuto } from "./tenuto.ts"

const rounds = Number(process.env["TENUTO_KILLS"] ?? 6)
const seed = Number(process.env["TENUTO_SEED"] ?? 1)

const names = ["one", "another"] as const
type Name = (typeof names)[number]

/** How long the songs of each are: by this a result is known, for links are withheld. */
const secondsOf: Readonly<Record<string, number>> = { one: 111, another: 222 }
const belongsTo = (name: Name, result: unknown) => {
  expect(JSON.stringify(result)).toContain(`"duration":${secondsOf[name]}`)
}

interface Work {
  readonly id: string
  readonly lyrics: string
  polls: number
}

/** A service that knows accounts: what one of them submitted is nothing to the other. */
const service = async () => {
  const created = new Map<string, Work>()
  const crossed: Array<string> = []
  const says = (response: ServerResponse, status: number, body: object) => {
    response.writeHead(status, { "content-type": "application/json" })
    response.end(JSON.stringify(body))
  }
  const song = ({ id, lyrics, polls }: Work) => {
    const output = {
      url: `https://cdn.test/${lyrics}.flac`,
      expires_at: "2999-01-01T00:00:00Z",
      duration: secondsOf[lyrics],
    }
    const isReady = polls > 2
    return { song: { id, status: isReady ? "ready" : "processing", outputs: isReady ? [output] : null, error: null } }
  }
  const http = createServer((request, response) => {
    const who = /^Bearer spk_of-(\w+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "nobody"
    let text = ""
    request.setEncoding("utf8").on("data", (part: string) => (text += part))
    request.on("end", () => {
      if (request.method === "PUT") {
        const { idempotency_key: key, lyrics } = JSON.parse(text) as { idempotency_key: string; lyrics: string }
        if (lyrics !== who) crossed.push(`${who} submitted the words of ${lyrics}`)
        const work = created.get(`${who} ${key}`) ?? { id: `op_${created.size}`, lyrics: who, polls: 0 }
        created.set(`${who} ${key}`, work)
        // The window in which an answer can be lost.
        setTimeout(() => says(response, 200, song(work)), 100)
        return
      }
      const id = new URL(request.url ?? "", "http://any").searchParams.get("id")
      const work = [...created.values()].find((one) => one.id === id)
      if (work?.lyrics !== who) crossed.push(`${who} asked for ${id}, which belongs to ${work?.lyrics}`)
      if (work === undefined) return says(response, 422, { detail: "no such operation" })
      work.polls += 1
      says(response, 200, song(work))
    })
  })
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => {
    http.close()
    http.closeAllConnections()
  })
  return { created, crossed, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/v1` }
}

const histories = (file: string) =>
  Effect.runPromise(
    Effect.provide(
      Journal.use(({ entries, read }) =>
        Effect.flatMap(entries({}), (all) =>
          Effect.forEach(all, ({ account, entry }) =>
            Effect.map(read(entry, account), (history) => ({ account, entry, state: Lifecycle.fold(history) })),
          ),
        ),
      ),
      SqliteJournal.layerReadOnly(file),
    ),
  )

test(
  `${rounds} kills of either of two accounts (seed ${seed}): each gets its own work, once`,
  async () => {
    const { crossed, created, url } = await service()
    const [next, journal] = [dice(seed), join(directory(), "jobs.db")]
    const flags = ["--base-url", url, "--journal", journal, "--json"]
    const as = (name: Name) => ({ env: { TENUTO_SOUNDPIECE_KEY: `spk_of-${name}` } })
    const ask = (name: Name, key: string) => {
      const input = JSON.stringify({ lyrics: name, prompt: "Waltz" })
      return tenuto(["run", "soundpiece", "create.new_song", "--input", input, "--key", key, ...flags], as(name))
    }
    const recover = async (name: Name) => {
      const ended = await tenuto(["recover", ...flags], as(name)).ended
      expect([name, ended.code, ended.lines.at(-1)]).toMatchObject([name, 0, { outcome: "Succeeded" }])
      const entries = ended.lines.at(-1)?.["entries"] as ReadonlyArray<Line>
      for (const entry of entries) belongsTo(name, entry["output"])
      return ended
    }

    for (let round = 0; round < rounds; round++) {
      const key = `00000000-0000-4000-8000-${String(round).padStart(12, "0")}`
      const victim = next() < 0.5 ? "one" : "another"
      const survivor = victim === "one" ? "another" : "one"
      const [lines, pause] = [Math.floor(next() * 6), next() * 150]
      const [dying, living] = [ask(victim, key), ask(survivor, key)]
      if (lines > 0) await dying.line((_, index) => index >= lines - 1)
      await new Promise((resolve) => setTimeout(resolve, pause))
      dying.child.kill("SIGKILL")
      const [{ code, lines: said }] = [await living.ended, await dying.ended]
      expect([round, code, at(said.at(-1), "outcome")]).toEqual([round, 0, "Succeeded"])
      belongsTo(survivor, at(said.at(-1), "output"))
      // The one who lives finds nothing to go on with, and says what it left alone.
      if (next() < 0.3) await recover(survivor)
      if (next() < 0.7) await recover(victim)
    }
    for (const name of names) await recover(name)

    expect(crossed).toEqual([])
    const kept = await histories(journal)
    for (const { state } of kept) {
      expect(state).toMatchObject({ _tag: "Settled", outcome: { observation: { _tag: "Succeeded" } } })
    }
    // One entry for each account that came to send under a key, one operation for each entry.
    const ids = kept.flatMap(({ state }) => (state?._tag === "Settled" ? [state.outcome.handle.id] : []))
    expect(ids.toSorted()).toEqual([...created.values()].map(({ id }) => id).toSorted())
    expect(new Set(kept.map(({ account }) => account)).size).toBe(2)
    expect(created.size).toBeGreaterThan(rounds)
  },
  180_000 + rounds * 20_000,
)
