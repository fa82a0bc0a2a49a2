/** What an emulator is told to do, and is not able to: said at once, and not found out later. */
import { describe, expect, test } from "vitest"
import * as Fault from "@tenuto/testkit/Fault"
import { emulate, run } from "./tenuto.ts"

const hook = "http://127.0.0.1:9/hook"

describe("webhooks", () => {
  test.each([
    ["an address that is none", ["heydonna", "--webhook-secret", "s", "--webhook-url", "nonsense"], "--webhook-url"],
    ["an address that is no web page", ["heydonna", "--webhook-secret", "s", "--webhook-url", "ftp://a/b"], "http"],
    ["a secret without an address", ["heydonna", "--webhook-secret", "s"], "give --webhook-url too"],
    [
      "an address that goes with a request",
      ["soundpiece", "--webhook-secret", "s", "--webhook-url", hook],
      "callback_url",
    ],
    ["the same elsewhere", ["overten", "--webhook-secret", "s", "--webhook-url", hook], "webhook_url"],
    ["a secret that cannot sign", ["soundpiece", "--webhook-secret", "not base64!"], "it is not in base64"],
  ])("%s is refused", async (_, args, said) => {
    const ended = await run(["emulate", ...args], {})
    expect([ended.code, ended.err, ended.out]).toEqual([64, expect.stringContaining(said), ""])
  })
})

test("all work of a service without codes fails, whatever the code is called", async () => {
  const service = await emulate("heydonna", "--work", "100ms", "--failing", "internal_error")
  const input = '{"title":"Hearing","audioUrl":"https://bucket.test/a.mp3"}'
  const ended = await run([
    "run",
    "heydonna",
    "projects.create",
    "--input",
    input,
    "--base-url",
    service.url,
    "--within",
    "20s",
  ])
  expect([ended.code, ended.err]).toEqual([12, expect.stringContaining("failed")])
  await service.stop()
})

test("every fault that can happen on a port is told, as text and as JSON", async () => {
  const known = Fault.all.filter(({ carriers }) => carriers !== "memory")
  const text = await run(["emulate", "soundpiece", "--fault", "list"], {})
  expect([text.code, text.err]).toEqual([0, ""])
  const lines = text.out.trimEnd().split("\n")
  expect(lines.map((line) => line.split(" ")[0])).toEqual(known.map(({ name }) => name))
  for (const [at, { says }] of known.entries()) expect(lines[at]).toContain(says)
  const json = await run(["emulate", "soundpiece", "--fault", "list", "--json"], {})
  expect(json.lines).toEqual(known.map(({ name, says, stages }) => ({ name, says, stages })))
})

test("a client in another process sleeps by telling the control, and a held request moves the clock itself", async () => {
  const { control, stop, url } = await emulate("soundpiece", "--clock", "held", "--work", "1h")
  const headers = { authorization: "Bearer spk_test", "content-type": "application/json" }
  const body = JSON.stringify({
    idempotency_key: "550e8400-e29b-41d4-a716-446655440000",
    lyrics: "Hold the note",
    prompt: "Slow waltz",
  })
  const put = await fetch(`${url}/create.new_song`, { method: "PUT", headers, body })
  const { song } = (await put.json()) as { readonly song: { readonly id: string } }
  const look = async (query = "") => {
    const answer = await fetch(`${url}/create.new_song?id=${song.id}${query}`, { headers })
    return ((await answer.json()) as { readonly song: { readonly status: string } }).song.status
  }
  const ask = (path: string, init?: RequestInit) => fetch(control + path, init).then((answer) => answer.json())
  expect(await look("&wait=true")).toBe("processing")
  expect(await ask("/clock")).toEqual({ now: "2026-01-01T00:00:20.000Z", moves: "held" })
  await ask("/clock/advance", { method: "POST", body: '{"seconds":3570}' })
  expect(await look("&wait=true")).toBe("ready")
  expect(await ask("/clock")).toMatchObject({ now: "2026-01-01T01:00:00.000Z" })
  expect(await ask("/ledger")).toMatchObject({ operations: [{ gets: 2, puts: 1 }] })
  await ask("/reset", { method: "POST" })
  expect(await ask("/ledger")).toMatchObject({ operations: [] })
  await stop()
})
