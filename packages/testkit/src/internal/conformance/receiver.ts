/** What whoever receives webhooks owes: told with deliveries that are genuine, and with trouble on either side. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Inbox from "@tenuto/core/Inbox"
import * as Signature from "@tenuto/http/Signature"
import type * as Webhook from "@tenuto/http/Webhook"
import type * as Case from "../../Case.ts"
import type { Reception } from "./delivered.ts"
import {
  body,
  genuine,
  listening,
  make,
  mute,
  others,
  refused,
  secret,
  signature,
  staged,
  taken,
  troubled,
  words,
} from "./delivered.ts"
import { demand, same } from "./demand.ts"

// --- what is proved -----------------------------------------------------------------------------

const deliveries: ReadonlyArray<Case.Case<Reception>> = [
  make(
    11,
    "a genuine delivery is taken, and heard as it was said",
    "a body that is lost on its way to whoever waits",
    (reception) =>
      Effect.gen(function* () {
        const { deliver, heard } = yield* staged(reception)
        const reply = yield* deliver(yield* genuine())
        yield* taken("it", reply)
        yield* mute("it", reply)
        const [first] = heard
        const wanted = { service: "choir", id: "op_1", name: "msg_1", body: JSON.parse(body) }
        yield* same("what was heard", first && { ...first, at: undefined }, { ...wanted, at: undefined })
        yield* same("how often", heard.length, 1)
      }),
  ),
  make(11, "a delivery that comes twice is taken twice, and heard once", "the same delivery twice", (reception) =>
    Effect.gen(function* () {
      const { deliver, heard } = yield* staged(reception)
      const delivered = yield* genuine()
      for (const nth of ["first", "second"]) yield* taken(`the ${nth}`, yield* deliver(delivered))
      const later = yield* genuine({ timestamp: DateTime.addDuration(yield* DateTime.now, "2 seconds") })
      yield* taken("a third, under a new time", yield* deliver(later))
      yield* same("how often it was heard", heard.length, 1)
      yield* taken("another", yield* deliver(yield* genuine({ id: "msg_2" })))
      yield* same("what was heard with another", heard.length, 2)
    }),
  ),
  make(
    11,
    "deliveries at the same time are each heard once",
    "a look for the known one, and a moment before it is written down",
    (reception) =>
      Effect.gen(function* () {
        const { deliver, heard } = yield* staged(reception)
        const sent = yield* Effect.forEach(["msg_1", "msg_1", "msg_2", "msg_1", "msg_2"], (id) => genuine({ id }))
        const replies = yield* Effect.forEach(sent, deliver, { concurrency: "unbounded" })
        for (const reply of replies) yield* taken("one of them", reply)
        yield* same("what was heard", heard.map(({ name }) => name).toSorted(), ["msg_1", "msg_2"])
      }),
  ),
  make(11, "names of headers count in any case", "a header that is looked for in one spelling", (reception) =>
    Effect.gen(function* () {
      const { deliver } = yield* staged(reception)
      for (const [id, spell] of [
        ["msg_1", (name: string) => name.toUpperCase()],
        ["msg_2", (name: string) => name.replaceAll(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())],
      ] as const) {
        const { headers, ...rest } = yield* genuine({ id })
        const spelled = Object.fromEntries(Object.entries(headers).map(([name, value]) => [spell(name), value]))
        yield* taken("it", yield* deliver({ ...rest, headers: spelled }))
      }
    }),
  ),
  make(
    11,
    "what is proved is the bytes as they came, whether text or not",
    "a body that is parsed and written again before it is checked",
    (reception) =>
      Effect.gen(function* () {
        const { deliver, heard } = yield* staged(reception)
        const delivered = yield* genuine({ body: `\n{ "id":"op_1",\t"event" : "\\u0073ong", "n": 1.0 }\r\n` })
        yield* taken("a body with its own spaces", yield* deliver(delivered))
        const other = yield* genuine({ id: "msg_2" })
        yield* taken("a body in bytes", yield* deliver({ ...other, body: new TextEncoder().encode(body) }))
        yield* same("what was heard", heard.length, 2)
      }),
  ),
  make(
    11,
    "while one secret replaces another, both prove; and of many signatures one is enough",
    "a rotation that loses every delivery of a day",
    (reception) =>
      Effect.gen(function* () {
        const { deliver, heard } = yield* staged(reception, { secrets: [others[1], secret] })
        yield* taken("one under the old secret", yield* deliver(yield* genuine()))
        yield* taken("one under the new", yield* deliver(yield* genuine({ id: "msg_2", secret: others[1] })))
        const { headers, ...rest } = yield* genuine({ id: "msg_3" })
        const strange = (yield* genuine({ id: "msg_3", secret: others[0] })).headers[signature] ?? ""
        const both = { ...headers, [signature]: `${strange} v9,AAAA ${headers[signature] ?? ""}` }
        yield* taken("one with several signatures", yield* deliver({ ...rest, headers: both }))
        yield* refused("one under neither", yield* deliver(yield* genuine({ id: "msg_4", secret: others[0] })))
        yield* same("what was heard", heard.length, 3)
      }),
  ),
  make(11, "every scheme proves, and refuses", "a scheme of one's own that is taken for another", (reception) =>
    Effect.gen(function* () {
      for (const scheme of [
        Signature.raw({ signature: "x-choir-signature" }),
        Signature.timestamped({
          signature: "x-choir-signature",
          timestamp: "x-choir-time",
          signed: "{timestamp}.{body}",
        }),
      ]) {
        const { deliver, heard } = yield* staged(reception, {}, scheme)
        const delivered = yield* genuine({ scheme })
        yield* refused("a changed one", yield* deliver({ ...delivered, body: body.replace("op_1", "op_2") }))
        yield* taken("a genuine one", yield* deliver(delivered))
        yield* same("what was heard", heard.length, 1)
      }
    }),
  ),
]

// --- what is no delivery, and trouble of our own ------------------------------------------------

const troubles: ReadonlyArray<Case.Case<Reception>> = [
  make(11, "only POST delivers", "a GET, or whatever a proxy makes of it, that counts as a delivery", (reception) =>
    Effect.gen(function* () {
      const { deliver, heard } = yield* staged(reception)
      for (const method of ["PUT", "DELETE", "PATCH"])
        yield* refused(method, yield* deliver({ ...(yield* genuine()), method }))
      yield* refused("GET", yield* deliver({ ...(yield* genuine({ body: "" })), method: "GET" }))
      yield* same("what was heard", heard.length, 0)
    }),
  ),
  make(
    7,
    "a body that is too large is refused, however well it is signed",
    "a body that fills the memory before anything is checked",
    (reception) =>
      Effect.gen(function* () {
        const { deliver, heard } = yield* staged(reception)
        const huge = yield* genuine({ body: body.padEnd(4097) })
        yield* refused("it", yield* deliver(huge))
        yield* same("what was heard", heard.length, 0)
        yield* taken("one that just fits", yield* deliver(yield* genuine({ body: body.padEnd(4000) })))
      }),
  ),
  make(
    9,
    "what the service signed and we cannot read ends there: no trouble of ours, and nobody hears of it",
    "an event of tomorrow that is asked for again and again",
    (reception) =>
      Effect.gen(function* () {
        const { deliver, heard } = yield* staged(reception)
        yield* refused("no JSON", yield* deliver(yield* genuine({ body: `{"id":"${words}"` })))
        yield* refused(
          "JSON that is nested too deep",
          yield* deliver(yield* genuine({ body: `${"[".repeat(1500)}${"]".repeat(1500)}` })),
        )
        const strange = yield* deliver(
          yield* genuine({ body: JSON.stringify({ event: "account.renamed", title: words }) }),
        )
        yield* taken("something else", strange)
        yield* mute("something else", strange)
        yield* same("what was heard", heard.length, 0)
      }),
  ),
  make(
    11,
    "an inbox that breaks is trouble of our own: it shall come again, and is heard then",
    "a 200 before anybody has it, or a 400 for what we broke",
    (reception) =>
      Effect.gen(function* () {
        const { heard, inbox } = listening()
        let isBroken = true
        const put: Inbox.Port["put"] = (delivery) =>
          isBroken ? Effect.die(new Error(`${words} ${secret}`)) : inbox.put(delivery)
        const { deliver } = yield* staged(reception, { inbox: Inbox.make({ put, take: inbox.take }) })
        const delivered = yield* genuine()
        const reply = yield* deliver(delivered)
        yield* troubled("it", reply)
        yield* mute("it", reply)
        isBroken = false
        yield* taken("it, when it came again", yield* deliver(delivered))
        yield* same("what was heard", heard.length, 1)
      }),
  ),
  make(
    11,
    "a secret of ours that cannot be used is trouble of our own",
    "a wrong setting that loses every delivery for good",
    (reception) =>
      Effect.gen(function* () {
        for (const secrets of [[], ["whsec_*"], ["whsec_"]]) {
          const { deliver, heard } = yield* staged(reception, { secrets })
          const reply = yield* deliver(yield* genuine())
          yield* troubled("it", reply)
          yield* mute("it", reply)
          yield* same("what was heard", heard.length, 0)
        }
      }),
  ),
]

// --- behind a framework --------------------------------------------------------------------------

const frameworks: ReadonlyArray<Case.Case<Reception>> = [
  make(
    11,
    "a body that a middleware has read is taken where it left the bytes",
    "a framework's parser of bytes that loses every delivery",
    ({ behind, ...reception }) =>
      Effect.gen(function* () {
        if (behind === undefined) return
        const serve: Reception["serve"] = (...of) => behind("Bytes", ...of)
        const { deliver, heard } = yield* staged({ ...reception, serve })
        yield* taken("it", yield* deliver(yield* genuine()))
        const forged = yield* genuine({ id: "msg_2", secret: others[0] })
        yield* refused("one under another secret", yield* deliver(forged))
        yield* refused("one that is too large", yield* deliver(yield* genuine({ body: body.padEnd(4097) })))
        yield* same("what was heard", heard.length, 1)
      }),
  ),
  make(
    11,
    "a body that a middleware has parsed is trouble of our own, and the receiver says what to put in its place",
    "an object that is written again and checked, or a silent refusal",
    ({ behind, ...reception }) =>
      Effect.gen(function* () {
        if (behind === undefined) return
        const serve: Reception["serve"] = (...of) => behind("Object", ...of)
        const said: Array<string> = []
        const onAnswer = ({ problem = "" }: Webhook.Answer) => void said.push(problem)
        const { deliver, heard } = yield* staged({ ...reception, serve }, { onAnswer })
        const reply = yield* deliver(yield* genuine())
        yield* troubled("it", reply)
        yield* mute("it", reply)
        yield* same("what was heard", heard.length, 0)
        yield* demand(/\bbytes\b/.test(said.join()), "nobody is told that the bytes are gone")
      }),
  ),
]

/** What a receiver is put before, beside what is refused. */
export const cases: ReadonlyArray<Case.Case<Reception>> = [...deliveries, ...troubles, ...frameworks]
