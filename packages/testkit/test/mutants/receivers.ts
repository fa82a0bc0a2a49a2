/** Broken receivers: each stands before the real one, and lets it see what its own mistake makes of a delivery. */
import { DateTime, Duration, Effect } from "effect"
import * as Inbox from "@tenuto/core/Inbox"
import * as Signature from "@tenuto/http/Signature"
import * as Webhook from "@tenuto/http/Webhook"
import type * as Conformance from "@tenuto/testkit/Conformance"
import type { Mutants } from "./mutant.ts"

type Delivered = Conformance.Delivered

type Left = Webhook.Incoming["body"]

/** The real receiver, with what is left of each body. */
const given =
  (leave: (body: Delivered["body"]) => Left): Conformance.Reception["serve"] =>
  (webhook, settings) =>
    Effect.sync(() => {
      const receive = Webhook.receiveInto(webhook, settings)
      return ({ body, headers, method }) =>
        Effect.runPromise(
          Effect.map(receive({ method, headers, body: leave(body) }), ({ headers, status }) => ({
            status,
            headers,
            body: "",
          })),
        )
    })
const serve = given((body) => body)

/** The real receiver, as it is called without a carrier. */
export const receiving: Conformance.Reception = {
  serve,
  behind: (read, ...of) => (read === "Bytes" ? serve : given(() => undefined))(...of),
}

interface Setting {
  readonly webhook: Webhook.Webhook
  readonly settings: Webhook.Listening
}

/** The suite gives secrets as a list. */
const listed = ({ secrets }: Webhook.Settings) => (Effect.isEffect(secrets) ? [] : secrets)

/** A real receiver in another setting for each delivery, and the delivery changed. */
const broken = (
  change: (delivered: Delivered, given: Setting) => Promise<{ readonly delivered?: Delivered } & Partial<Setting>>,
  tell: (replied: Conformance.Replied, delivered: Delivered) => Conformance.Replied = (replied) => replied,
): Conformance.Reception => ({
  serve: (webhook, settings) =>
    Effect.succeed(async (sent) => {
      const given = { webhook, settings }
      const { delivered = sent, ...more } = await change(sent, given)
      const { settings: its, webhook: own } = { ...given, ...more }
      const receive = await Effect.runPromise(Effect.scoped(receiving.serve(own, its)))
      return tell(await receive(delivered), sent)
    }),
})

const textOf = (body: Delivered["body"]) => (typeof body === "string" ? body : new TextDecoder().decode(body))

/** Sign a delivery as if it were genuine: what is no check at all lets everything pass. */
const signed = async (delivered: Delivered, { settings, webhook }: Setting): Promise<Delivered> => {
  const [secret = ""] = listed(settings)
  const seconds = Number(delivered.headers["webhook-timestamp"])
  const timestamp = DateTime.makeUnsafe(Number.isNaN(seconds) ? Date.now() : seconds * 1000)
  const message = { id: delivered.headers["webhook-id"] ?? "none", timestamp, body: delivered.body }
  const headers = await Effect.runPromise(Signature.sign(webhook.scheme, secret, message))
  return { ...delivered, headers: { ...delivered.headers, ...headers } }
}

const signedWhere = (isPassed: (delivered: Delivered, given: Setting) => boolean | Promise<boolean>) =>
  broken(async (delivered, given) =>
    (await isPassed(delivered, given)) ? { delivered: await signed(delivered, given) } : {},
  )

/** Whether the real receiver would take it; nobody hears of it. */
const isTaken = async (delivered: Delivered, { settings, webhook }: Setting) => {
  const apart = { ...settings, inbox: Inbox.makeMemory() }
  const receive = await Effect.runPromise(Effect.scoped(receiving.serve(webhook, apart)))
  return (await receive(delivered)).status === 200
}

const spelled = (change: (signature: string) => string) =>
  broken(async (delivered) => {
    const written = change(delivered.headers["webhook-signature"] ?? "")
    return { delivered: { ...delivered, headers: { ...delivered.headers, "webhook-signature": written } } }
  })

const ageOf = ({ headers }: Delivered) => Date.now() / 1000 - Number(headers["webhook-timestamp"])
const tolerant = (isOverlooked: (age: number) => boolean, tolerance: Duration.Input = "99999 days") =>
  broken(async (delivered, { settings }) =>
    isOverlooked(ageOf(delivered)) ? { settings: { ...settings, tolerance } } : {},
  )

/** An inbox that stands before the one of the setting. */
const hearing = (make: (real: Inbox.Inbox) => Inbox.Port["put"]): Conformance.Reception => ({
  serve: (webhook, settings) => {
    const { inbox } = settings
    return receiving.serve(webhook, { ...settings, inbox: Inbox.make({ put: make(inbox), take: inbox.take }) })
  },
})

const refused = (what: string) => `${what} is refused, and nobody hears of it`
const told = (change: (replied: Conformance.Replied, delivered: Delivered) => Conformance.Replied) =>
  broken(async () => ({}), change)

export const receivers: Mutants<Conformance.Reception> = {
  "there is no verifier": {
    subject: signedWhere(() => true),
    caughtBy: [refused("a delivery whose body was changed"), refused("a delivery under another secret")],
  },
  "what has no signature is not checked": {
    subject: signedWhere(({ headers }) => headers["webhook-signature"] === undefined),
    caughtBy: [refused("a delivery without a signature")],
  },
  "what has no time is not late": {
    subject: signedWhere(({ headers }) => headers["webhook-timestamp"] === undefined),
    caughtBy: [refused("a delivery without a time")],
  },
  "what has no name is signed without": {
    subject: signedWhere(({ headers }) => headers["webhook-id"] === undefined),
    caughtBy: [refused("a delivery without a name")],
  },
  "a timestamp of 2001 is accepted": {
    subject: tolerant((age) => age > 0),
    caughtBy: [refused("a delivery of 2001")],
  },
  "a timestamp a year ahead is accepted": {
    subject: tolerant((age) => age < 0),
    caughtBy: [refused("a delivery from a year ahead")],
  },
  "minutes are taken for hours": {
    subject: tolerant(() => true, "5 hours"),
    caughtBy: [refused("a delivery from just behind the tolerance")],
  },
  "a time that is none is never too old": {
    subject: signedWhere((delivered) => Number.isNaN(ageOf(delivered))),
    caughtBy: [refused("a delivery whose time is none")],
  },
  "whatever looks like a signature is one": {
    subject: signedWhere(({ headers }) => /^v1,[\w+/]{43}=$/.test(headers["webhook-signature"] ?? "")),
    caughtBy: [refused("a delivery under another secret")],
  },
  "a body is mended before it is proved": {
    subject: signedWhere((delivered, given) => isTaken({ ...delivered, body: `${textOf(delivered.body)}\n` }, given)),
    caughtBy: [refused("a delivery that was cut off")],
  },
  "a signature leaves the name out": {
    subject: signedWhere((delivered, given) =>
      isTaken({ ...delivered, headers: { ...delivered.headers, "webhook-id": "msg_1" } }, given),
    ),
    caughtBy: [refused("a delivery under another name")],
  },
  "a signature needs no version": {
    subject: spelled((signature) => (signature.includes(",") ? signature : `v1,${signature}`)),
    caughtBy: [refused("a signature without its version")],
  },
  "any version is the known one": {
    subject: spelled((signature) => signature.replaceAll(/v\d+,/g, "v1,")),
    caughtBy: [refused("a signature of another version")],
  },
  "a comparison ends with the shorter one": {
    subject: signedWhere(async (delivered, given) => {
      const { "webhook-signature": written = "none" } = delivered.headers
      const { headers } = await signed(delivered, given)
      return (headers["webhook-signature"] ?? "").startsWith(written)
    }),
    caughtBy: [refused("a signature that was cut off")],
  },
  "the body is lost on its way": {
    subject: hearing((real) => (delivery) => real.put({ ...delivery, body: null })),
    caughtBy: ["a genuine delivery is taken, and heard as it was said"],
  },
  "an answer repeats what was sent": {
    subject: told((replied, { body }) => ({ ...replied, body: `received ${textOf(body)}` })),
    caughtBy: ["a genuine delivery is taken, and heard as it was said"],
  },
  "the same delivery is taken twice": {
    subject: (() => {
      let count = 0
      return hearing((real) => (delivery) => real.put({ ...delivery, name: `${delivery.name} ${count++}` }))
    })(),
    caughtBy: ["a delivery that comes twice is taken twice, and heard once"],
  },
  "a delivery that is known is refused": {
    subject: (() => {
      const seen = new Set<string>()
      return told((replied, { headers }) => {
        const { "webhook-signature": name = "" } = headers
        const isKnown = seen.has(name)
        seen.add(name)
        return isKnown ? { ...replied, status: 409 } : replied
      })
    })(),
    caughtBy: ["a delivery that comes twice is taken twice, and heard once"],
  },
  "the known are looked up first, and written down later": {
    subject: hearing((real) => {
      const known = new Set<string>()
      let count = 0
      return (delivery) =>
        Effect.gen(function* () {
          if (known.has(delivery.name)) return "Known"
          yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
          known.add(delivery.name)
          return yield* real.put({ ...delivery, name: `${delivery.name} ${count++}` })
        })
    }),
    caughtBy: ["deliveries at the same time are each heard once"],
  },
  "a header is looked for in one spelling": {
    subject: broken(async (delivered) => ({
      delivered: {
        ...delivered,
        headers: Object.fromEntries(Object.entries(delivered.headers).filter(([name]) => name === name.toLowerCase())),
      },
    })),
    caughtBy: ["names of headers count in any case"],
  },
  "a body is parsed and written again": {
    subject: broken(async (delivered) => ({
      delivered: { ...delivered, body: JSON.stringify(JSON.parse(textOf(delivered.body))) },
    })),
    caughtBy: ["what is proved is the bytes as they came, whether text or not"],
  },
  "of two secrets the first counts": {
    subject: broken(async (_, { settings }) => ({ settings: { ...settings, secrets: listed(settings).slice(0, 1) } })),
    caughtBy: ["while one secret replaces another, both prove; and of many signatures one is enough"],
  },
  "of several signatures the first counts": {
    subject: spelled((signature) => signature.split(" ")[0] ?? ""),
    caughtBy: ["while one secret replaces another, both prove; and of many signatures one is enough"],
  },
  "every scheme is the standard one": {
    subject: broken(async (_, { webhook }) => ({ webhook: { ...webhook, scheme: Signature.standard } })),
    caughtBy: ["every scheme proves, and refuses"],
  },
  "any method delivers": {
    subject: broken(async (delivered) => ({ delivered: { ...delivered, method: "POST" } })),
    caughtBy: ["only POST delivers"],
  },
  "a body fills the memory": {
    subject: broken(async (_, { settings }) => ({ settings: { ...settings, maxBytes: 1_000_000_000n } })),
    caughtBy: ["a body that is too large is refused, however well it is signed"],
  },
  "an event of tomorrow is trouble of ours": {
    subject: told((replied, { body }) =>
      textOf(body).includes("account.renamed") ? { ...replied, status: 500 } : replied,
    ),
    caughtBy: ["what the service signed and we cannot read ends there: no trouble of ours, and nobody hears of it"],
  },
  "it is taken before anybody has it": {
    subject: told((replied) => (replied.status >= 500 ? { ...replied, status: 200 } : replied)),
    caughtBy: ["an inbox that breaks is trouble of our own: it shall come again, and is heard then"],
  },
  "what we broke is their mistake": {
    subject: told((replied) => (replied.status >= 500 ? { ...replied, status: 400 } : replied)),
    caughtBy: [
      "an inbox that breaks is trouble of our own: it shall come again, and is heard then",
      "a secret of ours that cannot be used is trouble of our own",
    ],
  },
  "what a middleware left is not looked for": {
    subject: { serve, behind: (_, ...of) => given(() => undefined)(...of) },
    caughtBy: ["a body that a middleware has read is taken where it left the bytes"],
  },
  "what a middleware parsed is written again": {
    subject: { serve, behind: (_, ...of) => given((body) => JSON.stringify(JSON.parse(textOf(body))))(...of) },
    caughtBy: [
      "a body that a middleware has parsed is trouble of our own, and the receiver says what to put in its place",
    ],
  },
}
