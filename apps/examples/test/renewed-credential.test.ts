/** A wait that outlives its credential: a token of half a minute, work of a minute and a half. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import { Effect, Result, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { Client, Contract, Handle, Operation } from "@tenuto/core"
import { Provider } from "@tenuto/http"
import { Emulator, Rehearsal } from "@tenuto/testkit"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import { asked, type Carrier, carriers, failure, value } from "./stage.ts"

const render = Operation.make({
  service: "ostinato",
  name: "render",
  contract: Contract.make({
    idempotency: { _tag: "Unkeyed" },
    cadence: { _tag: "Interval", every: Duration.seconds(20), floor: Duration.seconds(1) },
  }),
  input: Schema.Struct({}),
  output: Schema.String,
  codes: [],
})
const table: Provider.Table<"ostinato"> = {
  service: "ostinato",
  base: "https://api.ostinato.test",
  credential: Provider.bearer,
  endpoints: {
    render: {
      submit: () => ({ method: "POST", path: "/songs", body: {} }),
      accepted: (_, request) => Result.succeed({ handle: Handle.of(request, { id: "1" }) }),
      look: () => ({ method: "GET", path: "/songs/1" }),
      observed: (body) => {
        const word = String(body)
        return Result.succeed(
          word === "sung" ? { _tag: "Succeeded", word, output: "a song" } : { _tag: "Pending", word },
        )
      },
    },
  },
  verdicts: [],
  trouble: () => ({}),
}

/** A token is good for half a minute of the service's clock. */
const tokenAt = (millis: number) => `token-${Math.floor(millis / 30_000)}-4f9d2c71`
const now = Effect.map(Clock.currentTimeMillis, tokenAt)

const service = (): Emulator.Handler => {
  let began: number | undefined
  return ({ headers, method }) =>
    Effect.map(Clock.currentTimeMillis, (millis) => {
      began ??= millis
      if (headers["authorization"] !== `Bearer ${tokenAt(millis)}`) return Emulator.json(401, {})
      return method === "POST"
        ? Emulator.json(202, {})
        : Emulator.json(200, millis - began < 90_000 ? "singing" : "sung")
    })
}
const play = (carrier: Carrier, credential: Pick<Provider.Settings, "account" | "apiKey">) =>
  Rehearsal.play({
    connect: (baseUrl) => Provider.layer(table, { ...credential, baseUrl } as Provider.Settings),
    handler: service(),
    program: Client.run(render({}), { within: "5 minutes" }),
    ...(carrier === "loopback" ? { transport: NodeTransport.layer } : {}),
  })

describe.each(carriers)("a wait that outlives its credential, over %s", (carrier) => {
  it("goes on with the token of the moment, asked for each request", async () => {
    const { exit, seen } = await play(carrier, { apiKey: now, account: "studio" })
    expect(value(exit)).toBe("a song")
    expect(asked(seen)).toHaveLength(6)
  })

  it("goes on with a cache that is asked once more when its token is refused", async () => {
    let kept: string | undefined
    let isOld = false
    const cache = Effect.map(now, (fresh) => {
      // It gives what it has, and reads anew when it is asked twice in a row.
      const given = isOld ? fresh : (kept ?? fresh)
      isOld = given !== fresh
      kept = given
      return given
    })
    const { exit, seen } = await play(carrier, { apiKey: cache, account: "studio" })
    expect(value(exit)).toBe("a song")
    expect(asked(seen).filter((line) => line.startsWith("40 "))).toHaveLength(2)
  })

  it("ends where the credential stays as it is, and says so", async () => {
    const apiKey = Effect.runSync(now)
    const { exit } = await play(carrier, { apiKey })
    expect(failure(exit)).toMatchObject({ reason: { _tag: "Unauthenticated" } })
  })
})
