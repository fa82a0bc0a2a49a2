import { describe, expect, it } from "vitest"
import { type Answering, createKit, type World } from "@tenuto/testkit/Promise"

/** A service of a user's own: work takes a minute. */
const slowly = (): Answering => {
  const works = new Map<string, number>()
  return async (request) => {
    const { pathname } = new URL(request.url)
    if (request.method === "POST") {
      const id = `job_${works.size + 1}`
      works.set(id, Date.now())
      return Response.json({ id, asked: await request.json() }, { status: 202 })
    }
    const began = works.get(pathname.slice(1))
    if (began === undefined) return Response.json({ detail: "not here" }, { status: 404 })
    return Response.json({ status: Date.now() - began >= 60_000 ? "done" : "running" })
  }
}

const sleep = (millis: number) => new Promise<void>((resolve) => void setTimeout(resolve, millis))

/** Somebody's client, written by hand; it knows neither of us nor of a clock that is not real. */
const poll = async ({ url }: Pick<World, "url">) => {
  const { id } = (await (await fetch(`${url}/jobs`, { method: "POST", body: '{"a":1}' })).json()) as { id: string }
  for (let looks = 1; ; looks++) {
    await sleep(5000)
    const { status } = (await (await fetch(`${url}/${id}`)).json()) as { status: string }
    if (status === "done") return looks
  }
}

describe.each(["memory", "loopback"] as const)("a kit that carries in %s", (carrier) => {
  it("plays a client that only knows the global fetch and setTimeout", async () => {
    await using kit = await createKit({ service: slowly(), carrier })
    expect(await kit.run(poll)).toBe(12)
    expect(kit.now().toISOString()).toBe("2026-01-01T00:01:00.000Z")
    expect(await kit.run(poll)).toBe(12)
    expect(kit.now().toISOString()).toBe("2026-01-01T00:02:00.000Z")
    expect(kit.timeline()).toMatch(/\n +60000 ms {2}service {2}answered 200 +GET/)
  })

  it("rejects with what the client throws", async () => {
    await using kit = await createKit({ service: slowly(), carrier })
    const error = new RangeError("of the client's own")
    await expect(kit.run(() => Promise.reject(error))).rejects.toBe(error)
    await expect(
      kit.run(() => {
        throw error
      }),
    ).rejects.toBe(error)
    expect(await kit.run(poll)).toBe(12)
  })

  it("a client that waits for nothing fails at once, by name", async () => {
    await using kit = await createKit({ service: slowly(), carrier })
    const began = performance.now()
    const waitForGodot = () => new Promise<void>(() => {})
    await expect(kit.run(waitForGodot)).rejects.toMatchObject({
      _tag: "Deadlock",
      message: expect.stringContaining("waitForGodot") as string,
    })
    expect(performance.now() - began).toBeLessThan(500)
  })

  it("a service that never answers is named too", async () => {
    await using kit = await createKit({ service: () => new Promise<Response>(() => {}), carrier })
    await expect(kit.run(({ url }) => fetch(`${url}/song?key=s3cret`))).rejects.toThrow(/Deadlock|GET \/song/)
  })
})

it("memory and loopback tell the same story", async () => {
  const tell = async (carrier: "memory" | "loopback") => {
    await using kit = await createKit({ service: slowly(), carrier })
    await kit.run((world) => Promise.all([poll(world), sleep(700).then(() => poll(world))]))
    return kit.timeline()
  }
  expect(await tell("loopback")).toBe(await tell("memory"))
})

it("time stands still between runs, and moves when it is told", async () => {
  await using kit = await createKit({ service: slowly() })
  await kit.advance("2 hours")
  expect(kit.now().toISOString()).toBe("2026-01-01T02:00:00.000Z")
  await new Promise<void>((resolve) => void setTimeout(resolve, 20))
  expect(kit.now().toISOString()).toBe("2026-01-01T02:00:00.000Z")
})
