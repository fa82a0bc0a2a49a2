import { describe, expect, it } from "vitest"
import { createKit, demand, exhaustively, randomly, suite, type World } from "@tenuto/testkit/Promise"

const headers = { authorization: "Bearer s3cret-of-the-choir", "content-type": "application/json" }

/** A service with keys: the same key is the same song. Work takes 20 seconds. */
const choir = () => {
  const songs = new Map<string, { readonly id: string; readonly at: number }>()
  const ledger = () => ({ operations: Array.from(songs, ([key, { id }]) => ({ key, id })) })
  const answer = async (request: Request) => {
    if (request.headers.get("authorization") !== headers.authorization) return new Response("who?", { status: 401 })
    if (request.method === "POST") {
      const { key } = (await request.json()) as { readonly key: string }
      const song = songs.get(key) ?? { id: `song_${songs.size + 1}`, at: Date.now() }
      songs.set(key, song)
      return Response.json({ id: song.id, status: "singing", created: songs.size }, { status: 202 })
    }
    const song = [...songs.values()].find(({ id }) => request.url.endsWith(id))
    if (song === undefined) return Response.json({ detail: "no such song" }, { status: 404 })
    return Response.json({ id: song.id, status: Date.now() - song.at >= 20_000 ? "ready" : "singing" })
  }
  return { fetch: answer, ledger }
}

interface Habits {
  readonly isForgetful?: boolean
  readonly isHasty?: boolean
  readonly isHopeless?: boolean
}

const sleep = (millis: number) => new Promise<void>((resolve) => void setTimeout(resolve, millis))
const retryAfter = (answer: Response | undefined) => 1000 * Number(answer?.headers.get("retry-after") ?? 2)

/** Somebody's client, with somebody's mistakes. */
const sing =
  ({ isForgetful = false, isHasty = false, isHopeless = false }: Habits = {}) =>
  async ({ url }: World) => {
    const kept = crypto.randomUUID()
    const ask = async (path: string, init: () => RequestInit): Promise<{ id: string; status: string }> => {
      for (let tries = 1; ; tries++) {
        const answer = await fetch(url + path, init()).catch(() => undefined)
        const body: unknown = await answer?.json().catch(() => undefined)
        if (answer?.ok === true && typeof body === "object" && body !== null && "status" in body) {
          return body as { id: string; status: string }
        }
        if (tries === 5) throw new Error(`gave up on ${path}`)
        if (isHopeless) await new Promise<never>(() => {})
        await sleep(isHasty ? 100 : retryAfter(answer))
      }
    }
    const { id } = await ask("/songs", () => {
      const key = isForgetful ? crypto.randomUUID() : kept
      return { method: "POST", headers, body: JSON.stringify({ key, prompt: "Slow waltz" }) }
    })
    for (;;) {
      await sleep(5000)
      const { status } = await ask(`/songs/${id}`, () => ({ headers }))
      if (status === "ready") return id
      if (status !== "singing") throw new Error(`a status nobody knows: ${status}`)
    }
  }

const kinds = [
  "pass@look",
  "503@look",
  "429=30@look",
  "reset-after-commit@submit",
  "reset-before-commit@submit",
  "garbage@look",
]
const keyOf = ({ body }: { readonly body: unknown }) => (body as { readonly key?: string } | null)?.key
const suiteOf = (habits: Habits) =>
  suite({
    name: "songs",
    from: import.meta.url,
    kinds,
    service: choir,
    client: sing(habits),
    secrets: [headers.authorization],
    known: { keyOf },
  })

describe("a suite without Effect", () => {
  it("a right client is green in every story", async () => {
    const explored = await demand(exhaustively(suiteOf({}), { depth: 3 }))
    expect(explored).toMatchObject({ _tag: "Nothing", stories: 6 + 36 + 216 })
    expect(explored.played).toBeLessThan(explored.stories)
  })

  it("a new key for each attempt is found, and shrunk to the one step that shows it", async () => {
    const found = await randomly(suiteOf({ isForgetful: true }), { runs: 50, length: 6, seed: 1 })
    expect(found).toMatchObject({ _tag: "Found", story: { seed: 0, carrier: "memory" } })
    if (found._tag === "Nothing") return
    expect(found.story.steps).toHaveLength(1)
    expect(found.story.steps[0]).toMatch(/@submit$/)
    expect(found.violations.map(({ check }) => check)).toEqual(expect.arrayContaining(["created-once", "one-key"]))
    expect(found.line).toMatch(/^npx tenuto replay v1:\S*Suite\.test\.ts:songs:memory:/)
  })

  it("a client that does not hear Retry-After is found", async () => {
    const found = await exhaustively(suiteOf({ isHasty: true }), { depth: 1 })
    expect(found).toMatchObject({
      _tag: "Found",
      violations: [{ check: "as-asked" }],
      story: { steps: ["429=30@look"] },
    })
  })

  it("a client that waits for ever is found by name, and fast", async () => {
    const found = await exhaustively(suiteOf({ isHopeless: true }), { depth: 1 })
    expect(found).toMatchObject({ _tag: "Found", violations: [{ check: "nothing-unhandled" }] })
    expect(JSON.stringify(found)).toContain("the client")
  })

  it("a client that tells by a value that the work failed is believed only where the service said so", async () => {
    const work = (isHasty: boolean) =>
      suite({
        name: "work",
        kinds: ["503@look"],
        service: () => () => Response.json({ status: "failed" }),
        client: async ({ url }) => {
          for (;;) {
            const answer = await fetch(url)
            if (answer.ok || isHasty) return "failed" as const
            await sleep(1000)
          }
        },
        known: ({ value }) => (value === undefined ? {} : { claimed: value }),
      })
    expect(await exhaustively(work(false), { depth: 2 })).toMatchObject({ _tag: "Nothing" })
    const found = await exhaustively(work(true), { depth: 2 })
    expect(found).toMatchObject({ _tag: "Found", violations: [{ check: "as-told" }] })
  })

  it("is carried as it says, where the exploration does not, and its stories stay there", async () => {
    const client = ({ url }: World) => fetch(url)
    const wired = suite({ name: "wired", kinds: ["404@look"], carrier: "loopback", service: choir, client, checks: [] })
    const red = { ...wired, tell: async () => ({ timeline: "", violations: [{ check: "red", says: "it is" }] }) }
    const carriers = await Promise.all([
      exhaustively(red, { depth: 1 }),
      randomly(red, { runs: 1, length: 1, seed: 1 }),
      exhaustively(red, { depth: 1, carrier: "memory" }),
    ])
    expect(carriers.map((found) => "story" in found && found.story.carrier)).toEqual(["loopback", "loopback", "memory"])
  })

  it("a service that breaks is red by its own error, which keeps secrets, and not by what the client made of it", async () => {
    const broken = suite({
      name: "broken",
      kinds: ["pass@look"],
      service: () => (request) => {
        throw new Error(`who is ${request.headers.get("authorization")}?`)
      },
      client: ({ url }) => fetch(url, { headers }).catch(() => "and so it ended"),
      secrets: [headers.authorization],
    })
    const found = await exhaustively(broken, { depth: 1 })
    expect(found).toMatchObject({
      violations: [{ check: "service", says: expect.stringMatching(/^Error: who is (?!Bearer)/) as string }],
    })
  })

  it("plays every story of a service that reads what is to come", async () => {
    const reading = suite({
      name: "songs",
      kinds: ["503@look", "503@submit"],
      service:
        ({ steps }) =>
        () =>
          Response.json({ planned: steps.length }),
      client: ({ url }) => fetch(url),
      checks: [],
    })
    const explored = await exhaustively(reading, { depth: 2 })
    expect(explored).toMatchObject({ _tag: "Nothing", stories: 6, played: 6 })
  })

  it("tells the same story on both carriers, byte for byte", async () => {
    const steps = ["reset-after-commit@submit", "429=30@look", "garbage@look"]
    const [memory, loopback, again] = await Promise.all(
      (["memory", "loopback", "loopback"] as const).map((carrier) => suiteOf({}).tell({ carrier, seed: 7, steps })),
    )
    expect(memory?.violations).toEqual([])
    expect(loopback?.timeline).toBe(memory?.timeline)
    expect(again?.timeline).toBe(memory?.timeline)
  })
})

it.each<[object | undefined, string]>([
  [undefined, "what was given is not what a suite needs"],
  [{ client: undefined, run: sing() }, "run is no option of a suite: known: name, kinds, service, client"],
  [{ client: undefined }, "client is not what a suite needs: give a function"],
  [{ secret: ["s"] }, "secret is no option of a suite: did you mean secrets?"],
  [{ kinds: undefined }, "kinds is not what a suite needs: give a list of what may go wrong"],
  [{ service: choir() }, "service is not what a suite needs: give a function that makes a service for each story"],
  [{ checks: ["created-once"] }, "checks is not what a suite needs"],
])("what is no suite is refused where it is made: %j", (given, says) => {
  const options = given && { name: "songs", kinds, service: choir, client: sing(), ...given }
  expect(() => suite(options as never)).toThrow(says)
})

describe("what a kit knows when a run is over", () => {
  it("its transcript, what is thought of it, and a page of it", async () => {
    await using kit = await createKit({ service: choir(), faults: ["503@look"], carrier: "loopback" })
    await kit.run(sing())
    const { exchanges } = await kit.transcript()
    expect(exchanges.map(({ answer, fault, stage }) => [stage, answer?.status, fault])).toEqual([
      ["submit", 202, undefined],
      ["look", 503, "503"],
      ...Array.from({ length: 4 }, () => ["look", 200, undefined]),
    ])
    expect((await kit.ledger()).operations).toEqual([{ id: "song_1", key: expect.any(String) as string }])
    expect(await kit.judge({ keyOf, claimed: "succeeded", secrets: [headers.authorization] })).toEqual([])
    expect(kit.report({ title: "A song" })).toContain("<title>A song")
  })

  it("a fault that nobody knows is refused, and the service goes on", async () => {
    await using kit = await createKit({ service: choir() })
    await expect(kit.fault("teapot@look")).rejects.toThrow('"teapot@look" names no fault')
    await expect(createKit({ service: choir(), faults: ["503@lunch"] })).rejects.toThrow("names no stage")
    expect(await kit.run(sing())).toBe("song_1")
  })

  it("what a port that listens cannot do is refused there, and played in memory", async () => {
    const refused = (carrier: "memory" | "loopback") =>
      createKit({ service: choir(), faults: ["refused@submit"], carrier })
    await expect(refused("loopback")).rejects.toThrow("cannot happen on a port that listens")
    await using kit = await refused("memory")
    const code = await kit.run(({ url }) =>
      fetch(url, { method: "POST" }).catch((error: Error) => (error.cause as { readonly code: string }).code),
    )
    expect(code).toBe("ECONNREFUSED")
  })
})
