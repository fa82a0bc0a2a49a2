import { createHmac } from "node:crypto"
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Inbox from "@tenuto/core/Inbox"
import * as Json from "@tenuto/http/Json"
import * as Signature from "@tenuto/http/Signature"
import * as Webhook from "@tenuto/http/Webhook"

const bytes = (text: string) => new TextEncoder().encode(text)
const secret = "whsec_aG9sZCB0aGUgbm90ZQ=="
const now = DateTime.makeUnsafe("2026-01-01T00:00:00Z")

const song = Json.decoder(Schema.Struct({ data: Schema.Struct({ id: Schema.String }) }), "the delivery")
const webhook: Webhook.Webhook = {
  service: "choir",
  scheme: Signature.standard,
  tolerance: Duration.minutes(5),
  read: (body, headers) => Result.map(song(body), ({ data: { id } }) => ({ id, name: headers["webhook-id"] ?? "" })),
}
/** A service whose deliveries have neither a name nor a time of their own: both are in the body. */
const Thin = Schema.Struct({ projectId: Schema.String, event: Schema.String, timestamp: Schema.String })
const thin: Webhook.Webhook = {
  service: "choir",
  scheme: Signature.raw({ signature: "x-heydonna-signature" }),
  tolerance: Duration.minutes(5),
  refusal: 403,
  read: (body) =>
    Result.map(Json.decoder(Thin, "the delivery")(body), ({ event, projectId, timestamp }) => ({
      id: projectId,
      name: `${projectId} ${event} ${timestamp}`,
    })),
}

const ready = JSON.stringify({ type: "create.new_song.ready", data: { id: "op_1" } })
const signed = (body: string | Uint8Array, { at = now, id = "msg_1", key = secret } = {}) =>
  Effect.map(Signature.sign(Signature.standard, key, { id, timestamp: at, body }), (headers) => ({ headers, body }))

/** Run at `now`, with an inbox of its own. */
const story = <A, E>(
  body: (inbox: Inbox.Inbox, receiver: Webhook.Receiver) => Effect.Effect<A, E>,
  settings: Partial<Webhook.Settings> = {},
) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(DateTime.toEpochMillis(now))
    const inbox = Inbox.makeMemory()
    const receiver = Webhook.receive(webhook, { secrets: [secret], ...settings })
    return yield* Effect.provideService(body(inbox, receiver), Inbox.Inbox, inbox)
  })

const took = (inbox: Inbox.Inbox, id = "op_1") =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(inbox.take("choir", id), { startImmediately: true })
    const exit = fiber.pollUnsafe()
    yield* Fiber.interrupt(fiber)
    return exit === undefined ? undefined : yield* exit
  })

describe("laws", () => {
  it.effect("a delivery that is proved waits for its work, as it came", () =>
    story((inbox, receiver) =>
      Effect.gen(function* () {
        const answer = yield* receiver(yield* signed(ready))
        assert.deepStrictEqual(answer, { status: 200, headers: {}, outcome: "Taken" })
        const delivery = { service: "choir", id: "op_1", name: "msg_1", at: now, body: JSON.parse(ready) }
        assert.deepStrictEqual(yield* took(inbox), delivery)
      }),
    ),
  )

  it.effect("twice is once: a delivery that comes again is known, and answered well", () =>
    story((inbox, receiver) =>
      Effect.gen(function* () {
        yield* receiver(yield* signed(ready))
        const again = yield* receiver(yield* signed(ready, { at: DateTime.add(now, { minutes: 1 }) }))
        assert.deepStrictEqual(again, { status: 200, headers: {}, outcome: "Known" })
        assert.isDefined(yield* took(inbox))
        assert.isUndefined(yield* took(inbox))
        assert.strictEqual((yield* receiver(yield* signed(ready, { id: "msg_2" }))).outcome, "Taken")
      }),
    ),
  )

  it.effect("what is not proved is refused, and nobody hears of it", () =>
    story((inbox, receiver) =>
      Effect.gen(function* () {
        const { headers } = yield* signed(ready)
        const others = "whsec_c29tZWJvZHkgZWxzZQ=="
        for (const incoming of [
          { headers, body: `${ready} ` },
          { headers: {}, body: ready },
          { headers: { ...headers, "webhook-id": "msg_2" }, body: ready },
          { headers: { ...headers, "webhook-signature": (headers["webhook-signature"] ?? "").slice(3) }, body: ready },
          yield* signed(ready, { key: others }),
          yield* signed(ready, { at: DateTime.makeUnsafe("2001-09-09T01:46:40Z") }),
          yield* signed(ready, { at: DateTime.add(now, { years: 1 }) }),
        ]) {
          const answer = yield* receiver(incoming)
          assert.deepStrictEqual([answer.status, answer.outcome], [401, "Refused"])
        }
        assert.isUndefined(yield* took(inbox))
        // Nor does a forged one take the name of the one that is to come.
        assert.strictEqual((yield* receiver(yield* signed(ready))).outcome, "Taken")
      }),
    ),
  )

  it.effect("trouble of our own is never the final word: it shall come again", () =>
    story((_, receiver) =>
      Effect.gen(function* () {
        const incoming = yield* signed(ready)
        const broken = Inbox.make({ put: () => Effect.die(new Error(ready)), take: () => Effect.never })
        const explode = (): never => assert.fail("a reader that breaks")
        const answers = [
          yield* Effect.provideService(receiver(incoming), Inbox.Inbox, broken),
          yield* Webhook.receive(webhook, { secrets: [] })(incoming),
          yield* Webhook.receive(webhook, { secrets: ["whsec_!"] })(incoming),
          yield* Webhook.receive({ ...webhook, read: explode }, { secrets: [secret] })(incoming),
          yield* receiver({ ...incoming, body: undefined }),
          yield* receiver({ ...incoming, body: Stream.concat(Stream.make(bytes(ready)), Stream.fail("reset")) }),
        ]
        for (const { outcome, status } of answers) assert.deepStrictEqual([status, outcome], [503, "Troubled"])
        assert.match(answers[4]?.problem ?? "", /was read before/)
        // It was not taken for known on the way.
        assert.strictEqual((yield* receiver(incoming)).outcome, "Taken")
      }),
    ),
  )

  it.effect("no answer shows a secret or a part of the body", () =>
    story((_, receiver) =>
      Effect.gen(function* () {
        const leak = "5ecre7"
        const link = JSON.stringify({ data: { id: 7, url: leak } })
        const { headers } = yield* signed(link)
        const dying = () => Effect.die(new Error(leak))
        const broken = Inbox.make({ put: dying, take: dying })
        const answers = [
          yield* receiver({ headers, body: link }),
          yield* receiver({ headers, body: leak }),
          yield* receiver(yield* signed(`{"${leak}`)),
          yield* receiver({ headers: { ...headers, "webhook-id": leak }, body: leak }),
          yield* Webhook.receive(webhook, { secrets: [`whsec_${leak}!`] })({ headers, body: leak }),
          yield* Effect.provideService(receiver(yield* signed(ready)), Inbox.Inbox, broken),
          yield* receiver({ headers, body: Stream.fail(new Error(leak)) }),
        ]
        assert.deepStrictEqual(
          answers.map(({ outcome }) => outcome).join(" "),
          "Ignored Refused Unreadable Refused Troubled Troubled Troubled",
        )
        for (const answer of answers) {
          assert.isString(answer.problem)
          assert.notInclude(inspect(answer, { depth: 9 }), leak)
        }
      }),
    ),
  )
})

describe("time", () => {
  const tenMinutesAgo = { at: DateTime.subtract(now, { minutes: 10 }) }

  it.effect("the provider says how old a delivery may be, and its user may say otherwise", () =>
    story((_, receiver) =>
      Effect.gen(function* () {
        const late = yield* signed(ready, tenMinutesAgo)
        assert.strictEqual((yield* receiver(late)).status, 401)
        const patient = Webhook.receive({ ...webhook, tolerance: Duration.days(3) }, { secrets: [secret] })
        assert.strictEqual((yield* patient(late)).outcome, "Taken")
        const strict = Webhook.receive(
          { ...webhook, tolerance: Duration.days(3) },
          { secrets: [secret], tolerance: "9 minutes" },
        )
        assert.strictEqual((yield* strict(late)).status, 401)
      }),
    ),
  )

  it.effect("a redelivery with the time of the first attempt is known by its name", () =>
    story(
      (_, receiver) =>
        Effect.gen(function* () {
          const first = yield* signed(ready)
          assert.strictEqual((yield* receiver(first)).outcome, "Taken")
          yield* TestClock.adjust("10 minutes")
          assert.strictEqual((yield* receiver(first)).outcome, "Known")
        }),
      { tolerance: "1 hour" },
    ),
  )
})

describe("a scheme without name and time", () => {
  const key = "donna"
  const send = (fields: typeof Thin.Type) => {
    const body = JSON.stringify(fields)
    const tag = createHmac("sha256", key).update(body).digest("hex")
    return { headers: { "X-HeyDonna-Signature": `sha256=${tag}` }, body }
  }
  const fields = { projectId: "op_1", event: "project.ready", timestamp: "2026-01-01T00:00:00.000Z" }

  it.effect("is named by its body, so a replay is known and another event is not", () =>
    story(() =>
      Effect.gen(function* () {
        const receiver = Webhook.receive(thin, { secrets: [key] })
        const outcomes: Array<string> = []
        for (const one of [fields, fields, { ...fields, event: "project.failed" }, { ...fields, projectId: "op_2" }]) {
          outcomes.push((yield* receiver(send(one))).outcome)
        }
        assert.deepStrictEqual(outcomes, ["Taken", "Known", "Taken", "Taken"])
      }),
    ),
  )

  it.effect("refuses with the status that the service wants", () =>
    story(() =>
      Effect.gen(function* () {
        const receiver = Webhook.receive(thin, { secrets: ["another"] })
        const { outcome, status } = yield* receiver(send(fields))
        assert.deepStrictEqual([status, outcome], [403, "Refused"])
      }),
    ),
  )
})

describe("bodies", () => {
  const outcomes = (receiver: Webhook.Receiver, bodies: ReadonlyArray<string | Uint8Array>) =>
    Effect.forEach(bodies, (body) =>
      Effect.map(Effect.flatMap(signed(body), receiver), ({ outcome, status }) => `${status} ${outcome}`),
    )
  const nested = (levels: number) => `{"data":{"id":"op_1","more":${"[".repeat(levels)}${"]".repeat(levels)}}}`

  it.effect("what is no JSON, no UTF-8 or nested without end is answered for good, and nothing breaks", () =>
    story((inbox, receiver) =>
      Effect.gen(function* () {
        const bad = [
          "",
          "{",
          "<xml/>",
          `${ready},`,
          Uint8Array.of(0x22, 0xff, 0x22),
          nested(255),
          nested(100_000),
          "[".repeat(500_000),
        ]
        assert.deepStrictEqual([...new Set(yield* outcomes(receiver, bad))], ["400 Unreadable"])
        assert.isUndefined(yield* took(inbox))
        assert.deepStrictEqual(yield* outcomes(receiver, [nested(254)]), ["200 Taken"])
      }),
    ),
  )

  it.effect("JSON about something else is thanked for: the service would only send it again", () =>
    story((inbox, receiver) =>
      Effect.gen(function* () {
        const odd = ["null", "7", "[]", "{}", `{"type":"balance.low"}`, `{"__proto__":{"id":"op_1"}}`]
        assert.deepStrictEqual([...new Set(yield* outcomes(receiver, odd))], ["200 Ignored"])
        assert.isUndefined(yield* took(inbox))
        const answer = yield* receiver(yield* signed(`{"type":"balance.low"}`))
        assert.strictEqual(answer.problem, "the delivery is not as documented at data")
      }),
    ),
  )

  it.effect("a body may be text, bytes or a stream, and says what its signature says it is", () =>
    story((_, receiver) =>
      Effect.gen(function* () {
        const { headers } = yield* signed(ready)
        const chunks = Stream.fromIterable(Array.from(bytes(ready), (byte) => Uint8Array.of(byte)))
        const found = yield* Effect.forEach([ready, bytes(ready), Buffer.from(ready), chunks], (body) =>
          receiver({ headers: { ...headers, "content-type": "text/plain" }, body }),
        )
        assert.deepStrictEqual(
          found.map(({ outcome }) => outcome),
          ["Taken", "Known", "Known", "Known"],
        )
      }),
    ),
  )

  it.effect("is read up to the limit and not a chunk further", () =>
    Effect.gen(function* () {
      const size = BigInt(bytes(ready).byteLength)
      const run = (maxBytes: bigint) =>
        story(
          (_, receiver) =>
            Effect.gen(function* () {
              const { headers } = yield* signed(ready)
              let read = 0
              const stream = Stream.fromIterable(
                Array.from(bytes(`${ready}      `), (byte) => Uint8Array.of(byte)),
                { chunkSize: 1 },
              )
              const counted = Stream.tap(stream, () => Effect.sync(() => read++))
              const answers = [
                yield* receiver({ headers, body: ready }),
                yield* receiver({ headers, body: bytes(ready) }),
                yield* receiver({
                  headers: { ...headers, "content-length": String(size) },
                  body: Stream.make(bytes(ready)),
                }),
                yield* receiver({ headers, body: counted }),
              ]
              return [answers.map(({ status }) => status), read] as const
            }),
          { maxBytes },
        )
      assert.deepStrictEqual(yield* run(size), [[200, 200, 200, 413], Number(size) + 1])
      assert.deepStrictEqual(yield* run(size - 1n), [[413, 413, 413, 413], Number(size)])
    }),
  )

  it.effect("one that says that it is too large is not read at all; a mebibyte is not too large", () =>
    story((_, receiver) =>
      Effect.gen(function* () {
        const body = Stream.die("it was read")
        const answer = yield* receiver({ headers: { "Content-Length": "1048577" }, body })
        assert.deepStrictEqual([answer.status, answer.outcome], [413, "TooLarge"])
        const whole = ready.padEnd(1024 * 1024, " ")
        assert.strictEqual((yield* receiver(yield* signed(whole))).outcome, "Taken")
        assert.strictEqual((yield* receiver(yield* signed(`${whole} `))).outcome, "TooLarge")
      }),
    ),
  )

  it.effect("only POST delivers", () =>
    story((_, receiver) =>
      Effect.gen(function* () {
        const incoming = yield* signed(ready)
        for (const method of ["GET", "PUT", "DELETE", "post", ""]) {
          const { headers, outcome, status } = yield* receiver({ ...incoming, method })
          assert.deepStrictEqual([status, outcome, headers], [405, "Refused", { allow: "POST" }])
        }
        assert.strictEqual((yield* receiver({ ...incoming, method: "POST" })).outcome, "Taken")
      }),
    ),
  )

  it.effect("one that never ends can be let go", () =>
    story((_, receiver) =>
      Effect.gen(function* () {
        let isOpen = true
        const endless = Stream.ensuring(
          Stream.never,
          Effect.sync(() => (isOpen = false)),
        )
        const fiber = yield* Effect.forkChild(receiver({ headers: {}, body: endless }), { startImmediately: true })
        yield* Fiber.interrupt(fiber)
        assert.isFalse(isOpen)
      }),
    ),
  )
})

describe("a service that signs its address, and sends a form", () => {
  const url = "https://app.test/hooks?to=choir"
  const form: Webhook.Webhook = {
    service: "choir",
    scheme: {
      signature: "x-choir-signature",
      signed: "{method}{url}{body:form}",
      seals: [{ label: "", algorithm: "HmacSha1", encoding: "Base64", secret: "Text" }],
    },
    content: "Form",
    tolerance: Duration.infinity,
    read: (body) =>
      Result.map(Json.decoder(Schema.Struct({ id: Schema.String }), "the delivery")(body), ({ id }) => ({
        id,
        name: id,
      })),
  }
  const body = "title=F%C3%BCr+Elise&id=op_1"
  const headers = {
    "X-Choir-Signature": createHmac("sha1", "key").update(`POST${url}idop_1titleFür Elise`).digest("base64"),
  }
  const answered = (incoming: Partial<Webhook.Incoming>, settings: Partial<Webhook.Settings> = {}) =>
    Webhook.receive(form, { secrets: ["key"], ...settings })({ headers, body, ...incoming })

  it.effect("is proved by what the carrier saw, or by the address that the service was given", () =>
    Effect.gen(function* () {
      const inbox = Inbox.makeMemory()
      const put = yield* Effect.provideService(answered({ url }), Inbox.Inbox, inbox)
      assert.strictEqual(put.outcome, "Taken")
      assert.deepStrictEqual((yield* inbox.take("choir", "op_1")).body, { id: "op_1", title: "Für Elise" })
      // Behind a proxy.
      const behind = "http://10.0.0.7:8080/hooks?to=choir"
      assert.strictEqual((yield* answered({ url: behind }, { url })).status, 200)
      assert.strictEqual((yield* answered({ url: behind })).status, 401)
    }),
  )

  it.effect("that nobody said is trouble of our own, and names what to give", () =>
    Effect.gen(function* () {
      const { outcome, problem = "", status } = yield* answered({})
      assert.deepStrictEqual([status, outcome], [503, "Troubled"])
      assert.match(problem, /give `url`, the address as the service calls it$/)
    }),
  )

  it.effect("a secret with a line end is trouble of our own that names it, not a forgery", () =>
    Effect.gen(function* () {
      const { problem = "", status } = yield* answered({ url }, { secrets: ["key\n"] })
      assert.strictEqual(status, 503)
      assert.match(problem, /secrets\[0\] begins or ends with white space/)
    }),
  )
})

describe("receiveInto", () => {
  it.effect("needs no context, and tells what became of every delivery", () =>
    Effect.gen(function* () {
      const inbox = Inbox.makeMemory()
      const heard: Array<string> = []
      const onAnswer = ({ outcome }: Webhook.Answer) => void heard.push(outcome)
      const receiver = Webhook.receiveInto(thin, { secrets: ["donna"], inbox, onAnswer })
      const body = JSON.stringify({ projectId: "op_1", event: "project.ready", timestamp: "now" })
      const headers = yield* Signature.sign(thin.scheme, "donna", { id: "", timestamp: now, body })
      assert.strictEqual((yield* receiver({ headers, body })).outcome, "Taken")
      assert.strictEqual((yield* receiver({ headers, body: "{}" })).outcome, "Refused")
      assert.deepStrictEqual(heard, ["Taken", "Refused"])
      assert.strictEqual((yield* took(inbox))?.name, "op_1 project.ready now")

      const rude = () => assert.fail("it throws")
      const deaf = Webhook.receiveInto(thin, { secrets: ["donna"], inbox, onAnswer: rude })
      assert.strictEqual((yield* deaf({ headers, body })).outcome, "Known")
    }),
  )

  it.effect("without an inbox nobody hears, and a wait goes on polling", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(DateTime.toEpochMillis(now))
      const receiver = Webhook.receive(webhook, { secrets: [secret] })
      assert.strictEqual((yield* receiver(yield* signed(ready))).outcome, "Taken")
      const inbox = yield* Inbox.Inbox
      assert.isUndefined(yield* took(inbox))
    }),
  )
})
