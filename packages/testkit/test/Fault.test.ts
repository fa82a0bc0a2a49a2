import { DateTime, Duration, Effect, Exit, Stream } from "effect"
import { describe, expect, it } from "vitest"
import * as Delay from "@tenuto/http/Delay"
import { Transport } from "@tenuto/http/Transport"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as Fault from "@tenuto/testkit/Fault"
import * as Script from "@tenuto/testkit/Script"
import * as Timeline from "@tenuto/testkit/Timeline"
import { inMemory, overLoopback, type Story } from "./carriers.ts"

const limits = { timeout: Duration.seconds(30), maxBytes: 1_000_000n }
const id = "op_0123456789abcdefghijklmnop"
const held = "wait=true"
const hooks: Fault.Hooks = {
  stageOf: ({ method, url }) => {
    if (url.includes("/files/")) return "download"
    if (method === "GET") return url.includes(held) ? "long-poll" : "look"
    return method === "PUT" ? "submit" : method === "DELETE" ? "cancel" : undefined
  },
}
const authorization = "Bearer s3cret"
const ways = {
  submit: { method: "PUT", path: "/v1/songs", headers: { authorization } },
  look: { method: "GET", path: `/v1/songs?id=${id}`, headers: { authorization } },
  "long-poll": { method: "GET", path: `/v1/songs?id=${id}&${held}`, headers: { authorization } },
  cancel: { method: "DELETE", path: `/v1/songs?id=${id}`, headers: { authorization } },
  download: { method: "GET", path: "/files/a.flac?signature=s3cret", headers: {} },
}

type Way = keyof typeof ways
const stages = Fault.Stage.literals.filter((stage): stage is Way => stage !== "webhook")

/** A service that counts what it has done. */
const service = (acts: Array<string>): Emulator.Handler<Timeline.Timeline> =>
  Timeline.service(({ method, url }) =>
    Effect.sync(() => {
      acts.push(method)
      return url.includes("/files/")
        ? Emulator.answer(200, new Uint8Array(200_000).fill(7), { "content-type": "audio/flac" })
        : Emulator.json(200, { song: { id, status: acts.length === 1 ? "processing" : "ready" } })
    }),
  )

type Whole = { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: Uint8Array }
/** Another origin is called otherwise on each carrier. */
const decoded = ({ body, headers: { location, ...headers }, status }: Whole) => ({
  status,
  headers: location === undefined ? headers : { ...headers, location: new URL(location).pathname },
  body: body.byteLength > 1000 ? `${body.byteLength} bytes` : new TextDecoder().decode(body),
})

/** Send once whole and once streamed, on the clock; what came back, and when. */
const story =
  (stage: Way): Story<ReadonlyArray<unknown>, never> =>
  (base) =>
    Effect.gen(function* () {
      const transport = yield* Transport
      const timeline = yield* Timeline.Timeline
      const { headers, method, path } = ways[stage]
      const request = { method, url: base + path, headers }
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
    async ({ fault, name, stage }) => {
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
      // A fault says whether the service acts.
      expect(memory.acts.length).toBe(fault.acts ? 2 : 0)
    },
  )
})

describe("the same on both carriers, as a story found once", () => {
  const both = async (text: string, handler: Emulator.Handler, told: Story<unknown, never>) => {
    const faults = [await Effect.runPromise(Fault.parse(text))]
    const [memory, loopback] = await Promise.all(
      [inMemory, overLoopback].map(async (carrier) =>
        carrier(await Effect.runPromise(Fault.apply(handler, faults, hooks)), told),
      ),
    )
    expect(loopback).toEqual(memory)
    return memory?.exit
  }
  const size = (url: string) =>
    Effect.flatMap(Transport, (transport) => transport.send({ method: "GET", url, headers: {} }, limits)).pipe(
      Effect.map(({ body }) => body.byteLength),
      Effect.orDie,
    )
  const get = (url: string) =>
    Effect.flatMap(Transport, (transport) => transport.send({ method: "GET", url, headers: {} }, limits)).pipe(
      Effect.map(({ headers, status }) => [status, headers["location"] ?? ""] as const),
      Effect.catch((error) => Effect.succeed([error._tag, error.problem] as const)),
    )

  it.each(["unknown-status", "unknown-field", "unknown-failure", "wrong-shape"])(
    "%s leaves alone what says it is JSON and is none",
    async (name) => {
      const deep = "[".repeat(20_000) + "]".repeat(20_000)
      for (const body of ["", "{oops", deep]) {
        const handler: Emulator.Handler = () =>
          Effect.succeed(Emulator.answer(200, body, { "content-type": "application/json" }))
        const exit = await both(`${name}@look:always`, handler, size)
        expect(exit).toEqual(Exit.succeed(body.length))
      }
    },
  )

  it("an answer without a body has no pieces to wait for", async () => {
    const handler: Emulator.Handler = () => Effect.succeed(Emulator.json(200, { status: "singing" }))
    const exit = await both("slow-body@look:always", handler, (base) =>
      Effect.gen(function* () {
        const transport = yield* Transport
        const began = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
        const head = { method: "HEAD", url: `${base}/look`, headers: {} }
        const statuses = yield* Effect.orDie(
          Effect.forEach(["sent", "streamed"], (way) =>
            way === "sent"
              ? Effect.map(transport.send(head, limits), ({ status }) => status)
              : Effect.scoped(
                  Effect.flatMap(transport.open(head, limits), ({ body, status }) =>
                    Effect.as(Stream.runDrain(body), status),
                  ),
                ),
          ),
        )
        return [...statuses, (yield* Effect.clockWith((clock) => clock.currentTimeMillis)) - began]
      }),
    )
    expect(exit).toEqual(Exit.succeed([200, 200, 0]))
  })

  it("a hint beyond any clock is a number in full, and a date with four digits for its year", async () => {
    const handler: Emulator.Handler = () => Effect.succeed(Emulator.answer(200))
    const hint = (fault: string) =>
      both(`${fault}@look`, handler, (base) =>
        Effect.flatMap(Transport, (transport) =>
          transport.send({ method: "GET", url: base, headers: {} }, limits),
        ).pipe(
          Effect.map(({ headers }) => [headers["retry-after"]]),
          Effect.orDie,
        ),
      )
    expect(await hint("429=99999999999999999999999")).toEqual(Exit.succeed(["99999999999999991611392"]))
    for (const fault of ["429-date=999999999999", "skewed-date=99999999999"]) {
      expect(await hint(fault)).toEqual(Exit.succeed(["Fri, 31 Dec 9999 23:59:59 GMT"]))
    }
  })

  it("a body that is empty has no wrong length, and its connection serves the next request", async () => {
    const handler: Emulator.Handler = () => Effect.succeed(Emulator.answer(302, "", { location: "/next" }))
    const exit = await both("wrong-length@look", handler, (base) => Effect.all([get(base), get(base), get(base)]))
    expect(exit).toEqual(Exit.succeed(Array.from({ length: 3 }, () => [302, "/next"])))
  })

  it("a redirect leads to another origin, where it is seen who comes", async () => {
    const origins: Array<string> = []
    const handler: Emulator.Handler = ({ url }) =>
      Effect.sync(() => (origins.push(new URL(url).hostname), Emulator.answer(200, "", { location: "here" })))
    const exit = await both("redirect@look", handler, (base) =>
      Effect.flatMap(get(base), ([status, led]) =>
        Effect.map(get(led), (found) => [status, new URL(led).pathname, ...found]),
      ),
    )
    expect(exit).toEqual(Exit.succeed([302, "/elsewhere", 200, "here"]))
    expect(origins).toEqual(["elsewhere.test", "localhost"])
  })
})

const experience = async (text: string, stage: Way) => {
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
    ["tls@submit", ["Unsent", "Tls"]],
    ["hang-mid-body@look", ["Unanswered", "Timeout"]],
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

  it("strikes at a link only where there is one: a request with a key is none", async () => {
    const [api, link] = await asked(["expired-link@download"], [["look"], ["download"]])
    expect([api?.status, link?.status]).toEqual([200, 403])
    const planned = await Effect.runPromise(Effect.forEach(["expired-link@download"], Fault.parse))
    const handler = await Effect.runPromise(Fault.apply(service([]), planned, hooks))
    const ask = (headers: Emulator.Request["headers"]): Emulator.Request => ({
      method: "GET",
      url: "http://x/files/a",
      headers,
      body: new Uint8Array(),
    })
    const played = Effect.forEach([{ authorization }, {}], (headers) => handler(ask(headers)))
    const statuses = (await Effect.runPromise(Effect.provide(played, Timeline.layer()))).map(
      (one) => "response" in one && one.response.status,
    )
    expect(statuses).toEqual([200, 403])
  })

  it("that falls silent in the middle gave half of its body, and no more", async () => {
    const { streamed, timeline } = await experience("hang-mid-body@download:2", "download")
    expect(streamed).toEqual(["Unanswered", "Timeout"])
    expect(timeline).toContain("30000 ms")
  })

  it("that is slow takes the virtual time it says", async () => {
    expect((await experience("slow-head=20@look", "look")).timeline).toContain("20000 ms  wire      answered 200")
    expect((await experience("slow-body=3@look", "look")).timeline).toContain("24000 ms  wire      answered 200")
  })
})

/** Requests one after the other, each with a pause before it: what each was answered, as its status, hint and body. */
const asked = async (faults: ReadonlyArray<string>, requests: ReadonlyArray<readonly [Way, seconds?: number]>) => {
  const planned = await Effect.runPromise(Effect.forEach(faults, Fault.parse))
  const handler = await Effect.runPromise(Fault.apply(service([]), planned, hooks))
  const { exit } = await inMemory(handler, (base) =>
    Effect.forEach(requests, ([stage, seconds = 0]) =>
      Effect.gen(function* () {
        yield* Effect.sleep(Duration.seconds(seconds))
        const transport = yield* Transport
        const { headers, method, path } = ways[stage]
        const answer = yield* transport.send({ method, url: base + path, headers }, limits)
        const text = answer.body.byteLength > 1000 ? "bytes" : new TextDecoder().decode(answer.body)
        return {
          status: answer.status,
          hint: Delay.retryAfter(answer.headers, yield* DateTime.now),
          headers: answer.headers,
          text,
        }
      }),
    ).pipe(Effect.orDie),
  )
  if (Exit.isFailure(exit)) throw new Error(String(exit.cause))
  return exit.value
}
const statusesOf = (answers: ReadonlyArray<{ readonly status: number }>) => answers.map(({ status }) => status)

describe("a stage", () => {
  it("look is met by looks that are held too, and long-poll by no other", async () => {
    expect(statusesOf(await asked(["503@look:2"], [["long-poll"], ["submit"], ["look"], ["look"]]))).toEqual([
      503, 200, 503, 200,
    ])
    expect(statusesOf(await asked(["503@long-poll"], [["look"], ["long-poll"], ["long-poll"]]))).toEqual([
      200, 503, 200,
    ])
  })

  it("is the same for a script", async () => {
    const script = Script.make([Script.on("long-poll", "504"), Script.on("look", { status: 418 })])
    const handler = await Effect.runPromise(Script.apply(service([]), script, hooks))
    const { exit } = await inMemory(handler, (base) =>
      Effect.forEach(["look", "long-poll", "look", "long-poll"] as const, (stage) =>
        Effect.flatMap(Transport, (transport) => {
          const { headers, method, path } = ways[stage]
          return Effect.map(transport.send({ method, url: base + path, headers }, limits), ({ status }) => status)
        }),
      ),
    )
    expect(exit).toEqual(Exit.succeed([418, 504, 200, 200]))
  })

  it("cancel is its own", async () => {
    expect(statusesOf(await asked(["409@cancel"], [["submit"], ["cancel"], ["cancel"]]))).toEqual([200, 409, 200])
  })
})

describe("a fault that lasts", () => {
  it("outage: begins with the first request of its stage, and ends by the clock", async () => {
    const answers = await asked(
      ["outage=60@look"],
      [["submit", 100], ["look"], ["long-poll", 59.9], ["submit"], ["look", 0.1]],
    )
    expect(statusesOf(answers)).toEqual([200, 503, 503, 200, 200])
    expect(answers[1]?.hint).toBe(undefined)
    expect(statusesOf(await asked(["outage=1@look:2"], [["look"], ["look", 1], ["look", 1]]))).toEqual([503, 503, 200])
  })

  it("revoked: from then on no request that carries the key is accepted, whatever its stage", async () => {
    const answers = await asked(
      ["revoked@look"],
      [["submit"], ["look"], ["submit"], ["cancel"], ["look", 3600], ["download"]],
    )
    expect(statusesOf(answers)).toEqual([200, 401, 401, 401, 401, 200])
  })

  it("backwards: nothing is told again before something else was told; other work is told as it is", async () => {
    const states = (await asked(["backwards@look"], [["look"], ["look"], ["look"], ["look"]])).map(({ text }) => text)
    const [first, second, third, fourth] = states
    expect([third, fourth]).toEqual([first, second])
    expect(first).not.toBe(second)
    // The long poll has another URL here: without `resourceOf` it is other work.
    expect((await asked(["backwards@look:always"], [["look"], ["look"], ["long-poll"]]))[2]?.text).toBe(second)
    const one = { ...hooks, resourceOf: () => "the only one" }
    const planned = await Effect.runPromise(Effect.forEach(["backwards@long-poll"], Fault.parse))
    const handler = await Effect.runPromise(Fault.apply(service([]), planned, one))
    const ask = (stage: Way): Emulator.Request => ({
      ...ways[stage],
      url: `http://x${ways[stage].path}`,
      body: new Uint8Array(),
    })
    const played = Effect.forEach(["look", "look", "long-poll"] as const, (stage) => handler(ask(stage)))
    const [pending, , again] = await Effect.runPromise(Effect.provide(played, Timeline.layer()))
    expect(again).toEqual(pending)
  })

  it("backwards: what was told twice in the same words is nothing to go back to", async () => {
    let count = 0
    const slow: Emulator.Handler = () =>
      Effect.sync(() => Emulator.json(200, { status: ++count < 3 ? "processing" : "ready" }))
    const planned = await Effect.runPromise(Effect.forEach(["backwards@look"], Fault.parse))
    const handler = await Effect.runPromise(Fault.apply(slow, planned, hooks))
    const request = { ...ways.look, url: `http://x${ways.look.path}`, body: new Uint8Array() }
    const words: Array<string> = []
    for (let at = 0; at < 5; at++) {
      const behaviour = await Effect.runPromise(handler(request))
      words.push("response" in behaviour ? new TextDecoder().decode(behaviour.response.body).slice(11, -2) : "")
    }
    expect(words).toEqual(["processing", "processing", "ready", "processing", "ready"])
  })

  it("is forgotten by the next service", async () => {
    const planned = await Effect.runPromise(Effect.forEach(["revoked@look"], Fault.parse))
    for (const _ of [1, 2]) {
      const handler = await Effect.runPromise(Fault.apply(service([]), planned, hooks))
      const { exit } = await inMemory(handler, (base) =>
        Effect.flatMap(Transport, (transport) => {
          const { headers, method, path } = ways.submit
          return Effect.map(transport.send({ method, url: base + path, headers }, limits), ({ status }) => status)
        }),
      )
      expect(exit).toEqual(Exit.succeed(200))
    }
  })
})

describe("too many requests", () => {
  const hint = async (text: string, count = 1) =>
    (
      await asked(
        [`${text}@look:always`],
        Array.from({ length: count }, () => ["look", 7] as const),
      )
    ).map((answer) => (answer.hint === undefined ? undefined : Duration.toSeconds(answer.hint)))
  it("is told in every dialect", async () => {
    expect(await hint("429=17")).toEqual([17])
    expect(await hint("429-date=40")).toEqual([40])
    expect(await hint("429-bare")).toEqual([undefined])
    expect(await hint("429-absurd")).toEqual([30 * 86_400])
    expect(await hint("429-absurd=99999999999999999999")).toEqual([undefined])
    expect(await hint("429-garbage", 5)).toEqual([undefined, undefined, undefined, undefined, undefined])
    const [body] = await asked(["429-body=2@look"], [["look"]])
    expect([body?.hint, body?.text]).toEqual([undefined, '{"detail":"too many requests","retryAfterMs":2000}'])
  })

  it("in rubbish is told in each kind of it, however it is planned", async () => {
    const said = async (faults: ReadonlyArray<string>) =>
      (await asked(faults, [["look"], ["submit"], ["look"], ["look"]])).map(({ headers }) => headers["retry-after"])
    const each = ["-30", "soon", "NaN", "Fri, 31 Feb 2026 00:00:00 GMT"]
    const once = "429-garbage@look"
    expect(await said([once, once, "429-garbage@submit", once])).toEqual(each)
    expect(await said(["429-garbage@look:3", "429-garbage@submit"])).toEqual(each)
  })

  it("is told by a clock that is hours off, and means the same span", async () => {
    const [answer] = await asked(["skewed-date=3@look"], [["look"]])
    expect(answer?.headers).toMatchObject({
      date: "Thu, 01 Jan 2026 03:00:00 GMT",
      "retry-after": "Thu, 01 Jan 2026 03:00:30 GMT",
    })
    expect(answer?.hint).toEqual(Duration.seconds(30))
  })
})

describe("the service's own words", () => {
  it("are what a refusal says", async () => {
    const own: Fault.Hooks = {
      ...hooks,
      refuse: ({ code, status }) => Emulator.json(status, { oops: code ?? "no" }),
      gone: Emulator.json(404, { oops: "never heard of it" }),
      unknownFailure: (body) => ({ ...body, done: true, error: 99 }),
    }
    const said = async (text: string, stage: Way) => {
      const planned = await Effect.runPromise(Effect.forEach([text], Fault.parse))
      const handler = await Effect.runPromise(Fault.apply(service([]), planned, own))
      const request = { ...ways[stage], url: `http://x${ways[stage].path}`, body: new Uint8Array() }
      const behaviour = await Effect.runPromise(Effect.provide(handler(request), Timeline.layer()))
      return "response" in behaviour
        ? `${behaviour.response.status} ${new TextDecoder().decode(behaviour.response.body)}`
        : behaviour._tag
    }
    expect(await said("unknown-code@submit", "submit")).toBe('400 {"oops":"unheard_of"}')
    expect(await said("unknown-code=418@look", "look")).toBe('418 {"oops":"unheard_of"}')
    expect(await said("401@look", "look")).toBe('401 {"oops":"no"}')
    expect(await said("gone@look", "look")).toBe('404 {"oops":"never heard of it"}')
    expect(await said("gone@download", "download")).toBe('410 {"oops":"no"}')
    expect(await said("504@look", "look")).toBe('504 {"detail":"the gateway waited in vain"}')
    expect(await said("unknown-failure@look", "look")).toContain('"done":true,"error":99')
    expect(await said("tls@look", "look")).toBe("Untrusted")
  })

  it("have a default", async () => {
    expect((await asked(["gone@look"], [["look"]]))[0]?.status).toBe(410)
    expect((await asked(["unknown-failure@look"], [["look"]]))[0]?.text).toContain(
      '"status":"failed","error":{"code":"unheard_of"',
    )
    expect((await asked(["unknown-code@submit"], [["submit"]]))[0]?.text).toContain('"code":"unheard_of"')
  })
})

describe("the name of a fault", () => {
  it.each([
    ["503", "Form", "write name[=number]@stage[:count]"],
    ["teapot@look", "Fault", "reset-after-commit"],
    ["503@lunch", "Stage", "submit, look, long-poll, download, cancel, webhook"],
    ["503@look:0", "Count", "whole number"],
    ["503@look:many", "Count", "always"],
    ["expired-link@submit", "Unfit", "download"],
    ["503@webhook", "Unfit", "submit, look, long-poll, download, cancel"],
    ["early@look", "Unfit", "webhook"],
    ["backwards@submit", "Unfit", "look, long-poll"],
    ["doubled@submit", "Unfit", "webhook"],
    ["html=99@look", "Status", "a whole number from 200 to 599"],
    ["html=101@look", "Status", "a whole number from 200 to 599"],
    ["unknown-code=1000@look", "Status", "a whole number from 200 to 599"],
    ["unknown-code=400.5@look", "Status", "a whole number from 200 to 599"],
    ["late=-1@webhook", "Form", "write name[=number]@stage[:count]"],
    ["huge-body=99999@look", "Number", "too great a number: write one up to 256"],
    ["slow-head=9999999999999@look", "Number", "write one up to 1000000000"],
    ["slow-body=9999999999999@look", "Number", "write one up to 1000000000"],
    ["outage=9999999999999@look", "Number", "write one up to 1000000000"],
    ["late=9999999999999@webhook", "Number", "write one up to 1000000000"],
    [`429=${"9".repeat(31)}@look`, "Number", "write one up to 1e+30"],
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

  it("with the greatest number that it takes can be played", async () => {
    const most = `1${"0".repeat(30)}`
    for (const fault of ["429", "429-date", "429-body", "429-absurd", "skewed-date"]) {
      expect(statusesOf(await asked([`${fault}=${most}@look`], [["look"]]))).toEqual([429])
    }
    expect(statusesOf(await asked([`503=${most}@look`, "outage=1000000000@look"], [["look"], ["look"]]))).toEqual([
      503, 503,
    ])
    const long = await experience("slow-head=1000000000@look", "look")
    expect(long.whole).toEqual(["Unanswered", "Timeout"])
  })

  it("at a stage that the service does not have is refused at its start", async () => {
    const few: Fault.Hooks = { ...hooks, stages: ["submit", "long-poll"] }
    const apply = (text: string) =>
      Effect.flatMap(Fault.parse(text), (planned) => Effect.result(Fault.apply(service([]), [planned], few)))
    const refusals = await Effect.runPromise(Effect.forEach(["503@cancel", "503@look", "503@long-poll"], apply))
    expect(refusals.map(({ _tag }) => _tag)).toEqual(["Failure", "Success", "Success"])
    const script = Script.make([Script.on("download", { status: 418 })])
    const error = await Effect.runPromise(Effect.flip(Script.apply(service([]), script, few)))
    expect(error.message).toBe('"418@download" cannot happen: this service has the stages submit, long-poll')
  })

  it("is unique, and says in one line what happens", () => {
    expect(new Set(Fault.all.map(({ name }) => name)).size).toBe(Fault.all.length)
    expect(Fault.all.length).toBeGreaterThanOrEqual(40)
    for (const { name, says, stages } of Fault.all) {
      expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/)
      expect(says).toMatch(/^[^\n]{10,100}$/)
      expect(stages.length).toBeGreaterThan(0)
    }
  })

  it("says that the service did nothing if and only if it did nothing", () => {
    const unsaid = new Set(["refused", "name-not-found", "tls", "hang-before-commit", "html", "expired-link", "500"])
    for (const { acts, name, says } of Fault.all) {
      if (!unsaid.has(name)) expect([name, /did nothing/.test(says)]).toEqual([name, !acts])
    }
  })
})
