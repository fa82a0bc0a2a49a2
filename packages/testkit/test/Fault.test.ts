import { Duration, Effect, Exit, Stream } from "effect"
import { describe, expect, it } from "vitest"
import { Transport } from "@tenuto/http/Transport"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as Fault from "@tenuto/testkit/Fault"
import * as Timeline from "@tenuto/testkit/Timeline"
import { inMemory, overLoopback, type Story } from "./carriers.ts"

const limits = { timeout: Duration.seconds(30), maxBytes: 1_000_000n }
const id = "op_0123456789abcdefghijklmnop"
const hooks: Fault.Hooks = {
  stageOf: ({ method, url }) =>
    url.includes("/files/") ? "download" : method === "PUT" ? "submit" : method === "GET" ? "look" : undefined,
}
const ways = {
  submit: { method: "PUT", path: "/v1/songs" },
  look: { method: "GET", path: `/v1/songs?id=${id}&wait=true` },
  download: { method: "GET", path: "/files/a.flac?signature=s3cret" },
}

const stages = ["submit", "look", "download"] as const

/** A service that counts what it has done. */
const service = (acts: Array<string>): Emulator.Handler<Timeline.Timeline> =>
  Timeline.service(({ method, url }) =>
    Effect.sync(() => {
      acts.push(method)
      return url.includes("/files/")
        ? Emulator.answer(200, new Uint8Array(200_000).fill(7), { "content-type": "audio/flac" })
        : Emulator.json(200, { song: { id, status: "processing" } })
    }),
  )

const decoded = ({ body, headers, status }: { status: number; headers: object; body: Uint8Array }) => ({
  status,
  headers,
  body: body.byteLength > 1000 ? `${body.byteLength} bytes` : new TextDecoder().decode(body),
})

/** Send once whole and once streamed, on the clock; what came back, and when. */
const story =
  (stage: keyof typeof ways): Story<ReadonlyArray<unknown>, never> =>
  (base) =>
    Effect.gen(function* () {
      const transport = yield* Transport
      const timeline = yield* Timeline.Timeline
      const { method, path } = ways[stage]
      const request = { method, url: base + path, headers: { authorization: "Bearer s3cret" } }
      const whole = yield* transport.send(request, limits).pipe(
        Effect.map(decoded),
        Effect.catch((error) => Effect.succeed([error._tag, error.problem])),
      )
      yield* timeline.record("client", "has sent")
      const streamed = yield* transport.open(request, limits).pipe(
        Effect.flatMap(({ body, status }) =>
          body.pipe(
            Stream.runFold(
              () => 0,
              (size, part) => size + part.byteLength,
            ),
            Effect.map((size) => [status, size]),
          ),
        ),
        Effect.scoped,
        Effect.catch((error) => Effect.succeed([error._tag, error.problem])),
      )
      yield* timeline.record("client", "has streamed", JSON.stringify(streamed))
      return [whole, streamed]
    })

// What becomes of letters is proved in Courier.test.ts.
const cases = Fault.all.flatMap((fault) =>
  fault.stages.flatMap((stage) => (stage === "webhook" ? [] : [{ name: fault.name, stage, fault }])),
)

describe("laws", () => {
  it.each(cases.filter(({ fault }) => fault.carriers === "both"))(
    "$name at $stage is the same in memory and over sockets",
    async ({ name, stage }) => {
      const told = async (carrier: typeof overLoopback) => {
        const acts: Array<string> = []
        const faults = [await Effect.runPromise(Fault.parse(`${name}@${stage}:always`))]
        const handler = await Effect.runPromise(Fault.apply(service(acts), faults, hooks))
        return { ...(await carrier(handler, story(stage))), acts }
      }
      const memory = await told(inMemory)
      const loopback = await told(overLoopback)
      expect(loopback).toEqual(memory)
      expect(memory.text).not.toContain("s3cret")
      // The name says whether the service acted.
      const isSpared = /before|^[0-9]+$|html|redirect|expired/.test(name)
      expect(memory.acts.length).toBe(isSpared ? 0 : 2)
    },
  )
})

const experience = async (text: string, stage: keyof typeof ways) => {
  const faults = [await Effect.runPromise(Fault.parse(text))]
  const handler = await Effect.runPromise(Fault.apply(service([]), faults, hooks))
  const { exit, text: timeline } = await inMemory(handler, story(stage))
  const [whole, streamed] = Exit.isSuccess(exit) ? exit.value : []
  return { whole, streamed, timeline }
}

const body = (text: string) => experience(text, "look").then(({ whole }) => whole)

const refused = (text: string) => Effect.runPromise(Effect.flip(Fault.parse(text)))

describe("a fault", () => {
  it.each([
    ["reset-after-commit@submit", ["Unanswered", "Reset"]],
    ["hang-before-commit@look", ["Unanswered", "Timeout"]],
    ["truncated@look", ["Unanswered", "Truncated"]],
    ["drop-mid-body@look", ["Unanswered", "Truncated"]],
    ["garbage@submit", ["Unanswered", "Malformed"]],
    ["huge-body@look", ["Unanswered", "TooLarge"]],
    ["refused@submit", ["Unsent", "Refused"]],
    ["name-not-found@submit", ["Unsent", "NameNotFound"]],
  ])("%s is told as the truth it is", async (text, expected) => {
    expect((await experience(text, stages.find((s) => text.includes(`@${s}`)) ?? "look")).whole).toEqual(expected)
  })

  it("carries its parameter, and happens as often as it says", async () => {
    const { streamed, whole } = await experience("429=30@submit", "submit")
    expect(whole).toMatchObject({ status: 429, headers: { "retry-after": "30" } })
    expect(streamed).toMatchObject([200, 69])
    const twice = await experience("503@look:2", "look")
    expect([twice.whole, twice.streamed]).toMatchObject([{ status: 503 }, [503, 24]])
  })

  it("changes what it names in the body, and nothing else", async () => {
    expect(await body("unknown-status@look")).toMatchObject({ body: `{"song":{"id":"${id}","status":"quarantined"}}` })
    expect(await body("unknown-field@look")).toMatchObject({
      body: `{"song":{"id":"${id}","status":"processing","unheard_of":{"since":"tomorrow"}},"unheard_of":{"since":"tomorrow"}}`,
    })
    expect(await body("wrong-shape@look")).toMatchObject({ status: 200, body: "[]" })
    expect(await body("invalid-json@look")).toMatchObject({ status: 200, body: '{"status":' })
    expect(await body("wrong-type@look")).toMatchObject({ headers: { "content-type": "text/plain" } })
    expect(await body("empty-body@look")).toMatchObject({ status: 200, body: "" })
    expect(await body("wrong-length@look")).toMatchObject({ status: 200, body: `{"song":{"id":"op_0123456789abcdef` })
  })

  it("that is slow takes the virtual time it says", async () => {
    expect((await experience("slow-head=20@look", "look")).timeline).toContain("20000 ms  wire      answered 200")
    expect((await experience("slow-body=3@look", "look")).timeline).toContain("24000 ms  wire      answered 200")
  })
})

describe("the name of a fault", () => {
  it.each([
    ["503", "Form", "write name[=number]@stage[:count]"],
    ["teapot@look", "Fault", "reset-after-commit"],
    ["503@lunch", "Stage", "submit, look, download"],
    ["503@look:0", "Count", "whole number"],
    ["503@look:many", "Count", "always"],
    ["expired-link@submit", "Unfit", "download"],
    ["503@webhook", "Unfit", "submit, look, download"],
    ["doubled@submit", "Unfit", "webhook"],
    ["late=-1@webhook", "Form", "write name[=number]@stage[:count]"],
  ])("%s is refused with what is known", async (text, problem, says) => {
    const error = await refused(text)
    expect(error).toMatchObject({ _tag: "Unrecognised", problem })
    expect(error.message).toContain(says)
  })

  it("of a letter is refused for a service that sends none, at its start", async () => {
    const planned = await Effect.runPromise(Fault.parse("doubled@webhook:2"))
    const error = await Effect.runPromise(Effect.flip(Fault.apply(service([]), [planned], hooks)))
    expect(error).toMatchObject({ _tag: "Unrecognised", problem: "NoWebhooks" })
    expect(error.message).toBe('"doubled@webhook" cannot happen: this service sends no webhooks')
  })

  it("is unique, and says in one line what happens", () => {
    expect(new Set(Fault.all.map(({ name }) => name)).size).toBe(Fault.all.length)
    for (const { says } of Fault.all) expect(says).toMatch(/^[^\n]{10,100}$/)
  })
})
