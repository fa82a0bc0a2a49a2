/**
 * One page of secrets: whatever a service says, none of these texts is ever printed, kept or told.
 *
 * Tokens are planted in keys, links, withheld texts, headers and bodies, and looked for in every message, JSON, inspection,
 * log line, span, journal row, timeline, page and step.
 */
import { inspect } from "node:util"
import { Effect, Logger, References, Schema, Tracer } from "effect"
import type { Layer } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import * as Inbox from "@tenuto/core/Inbox"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import type * as Operation from "@tenuto/core/Operation"
import type { Remote } from "@tenuto/core/Remote"
import type { Transport } from "@tenuto/http/Transport"
import * as Webhook from "@tenuto/http/Webhook"
import * as HeyDonna from "@tenuto/heydonna"
import * as HeyDonnaEmulator from "@tenuto/heydonna/Emulator"
import * as Overten from "@tenuto/overten"
import * as OvertenEmulator from "@tenuto/overten/Emulator"
import * as Soundpiece from "@tenuto/soundpiece"
import * as SoundpieceEmulator from "@tenuto/soundpiece/Emulator"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as Rehearsal from "@tenuto/testkit/Rehearsal"
import * as Report from "@tenuto/testkit/Report"
import * as Whisul from "@tenuto/whisul"
import * as WhisulEmulator from "@tenuto/whisul/Emulator"

// --- what is hidden -----------------------------------------------------------------------------

/** Texts that nobody may see, each planted where only a secret stands. */
const tokens = {
  key: "sk_live_5ecretkey0123456789abcd",
  webhook: "whsec_NWVjcmV0d2ViaG9vazAxMjM0NTY3ODlhYmNk",
  link: "5ecretlink0123456789",
  details: "5ecretdetails0123456789",
  header: "5ecretheader0123456789",
  body: "5ecretbody0123456789",
} as const
const texts = Object.values(tokens)

/** The caller's own presigned link: it has to be kept to be sent again, and is shown to nobody. */
const ours = "5ecretinput0123456789"
const source = `https://bucket.test/take.wav?X-Amz-Signature=${ours}`

// --- the services -------------------------------------------------------------------------------

interface Service {
  readonly name: string
  readonly path: string
  readonly layer: (settings: {
    readonly apiKey: string
    readonly baseUrl: string
  }) => Layer.Layer<Remote<string>, never, Transport>
  readonly draft: Operation.Draft<Operation.Any>
  readonly make: Effect.Effect<{ readonly handler: Emulator.Handler }>
  /** The places of a refusal that are for nobody's eyes. */
  readonly withheld: ReadonlyArray<string>
  readonly hook?: Webhook.Webhook
}

/** A remote is looked up by its service's name at run time, so the literal type may be forgotten. */
const layerOf = (layer: unknown) => layer as Service["layer"]

const services: ReadonlyArray<Service> = [
  {
    name: "soundpiece",
    path: "/v1",
    layer: layerOf(Soundpiece.layer),
    draft: Soundpiece.newSong({ lyrics: "La", reference: { url: source } }),
    make: SoundpieceEmulator.make(),
    withheld: [],
    hook: Soundpiece.webhook,
  },
  {
    name: "overten",
    path: "/api/v1",
    layer: layerOf(Overten.layer),
    draft: Overten.wordGenerate({ prompt: "A letter", async: true }),
    make: OvertenEmulator.make(),
    withheld: [],
    hook: Overten.webhook,
  },
  {
    name: "heydonna",
    path: "",
    layer: layerOf(HeyDonna.layer),
    draft: HeyDonna.createProject({ title: "A hearing", audioUrl: source }),
    make: HeyDonnaEmulator.make(),
    withheld: ["details"],
    hook: HeyDonna.webhook,
  },
  {
    name: "whisul",
    path: "/api",
    layer: layerOf(Whisul.layer),
    draft: Whisul.generate({ prompt: "Waltz" }),
    make: WhisulEmulator.make(),
    withheld: [],
  },
]

// --- chance -------------------------------------------------------------------------------------

const dice = (seed: number) => {
  let state = seed | 0
  return (sides: number): number => {
    state = (state + 0x6d2b79f5) | 0
    const mixed = Math.imul(state ^ (state >>> 15), state | 1)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides
  }
}
type Die = ReturnType<typeof dice>
const pick = <A>(die: Die, all: readonly [A, ...ReadonlyArray<A>]): A => all[die(all.length)] ?? all[0]

// --- planting -----------------------------------------------------------------------------------

const signed = `https://store.test/f/1?X-Signature=${tokens.link}&Expires=1`
/** Sentences that a service may say to people, with what it must not have said in them. */
const sentence = (die: Die): string =>
  pick(die, [
    `the key ${tokens.key} is unknown`,
    `could not fetch ${signed}`,
    `could not fetch (${source}), tried twice`,
    `Bearer ${tokens.key}`,
    `see ${signed}; or ${source}`,
  ])

const headers = () => ({
  "content-type": "application/json",
  "set-cookie": `session=${tokens.header}`,
  "x-debug": `key=${tokens.key}; ${tokens.header}`,
  "www-authenticate": `Bearer realm="${tokens.header}"`,
})

/** A refusal in every dialect at once, so that each reader finds its own words. */
const refusal = (die: Die, { withheld }: Service): Emulator.Behaviour => {
  const status = pick(die, [400, 401, 402, 403, 404, 408, 409, 410, 413, 422, 429, 500, 501, 502, 503])
  const body = {
    error: pick(die, ["conflict", "gone", sentence(die), "Failed to download audio from the provided URL"]),
    message: sentence(die),
    detail: pick<Schema.Json>(die, [
      sentence(die),
      [
        {
          loc: ["body", "prompt"],
          msg: sentence(die),
          type: "missing",
          input: tokens.body,
          ctx: { token: tokens.body },
        },
      ],
    ]),
    trace: { token: tokens.body, key: tokens.key },
    ...Object.fromEntries(withheld.map((name) => [name, `${tokens.details} ${source}`])),
  }
  return Emulator.json(status, body, headers())
}

/** An answer of the service itself, with more in it than anybody asked for. */
const enriched = (behaviour: Emulator.Behaviour): Emulator.Behaviour => {
  if (behaviour._tag !== "Answered") return behaviour
  const { response } = behaviour
  const isJson = (response.headers["content-type"] ?? "").includes("json")
  const own = { ...response.headers, ...headers(), "content-type": response.headers["content-type"] ?? "text/plain" }
  if (!isJson) return Emulator.Behaviour.Answered({ response: { ...response, headers: own } })
  const body: unknown = JSON.parse(new TextDecoder().decode(response.body), (_, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? { ...value, debug_token: tokens.body, debug_key: tokens.key, debug_link: signed }
      : value,
  )
  return Emulator.Behaviour.Answered({
    response: { ...response, headers: own, body: new TextEncoder().encode(JSON.stringify(body)) },
  })
}

const oddities = (die: Die): Emulator.Behaviour =>
  pick(die, [
    Emulator.json(200, { status: sentence(die), id: "op_1", token: tokens.body }, headers()),
    Emulator.json(200, { [signed]: { [tokens.key]: tokens.body } }, headers()),
    Emulator.answer(200, `<html>${tokens.body} ${tokens.key}</html>`, { ...headers(), "content-type": "text/html" }),
    Emulator.answer(302, "", { ...headers(), location: signed }),
    Emulator.answer(202, tokens.body, headers()),
    Emulator.Behaviour.Reset(),
  ])

// --- listening ----------------------------------------------------------------------------------

const renderings = (value: unknown): string => {
  const shown = [inspect(value, { depth: 30, showHidden: true }), JSON.stringify(value), String(value)]
  return value instanceof Error
    ? [...shown, value.message, value.stack, inspect(value.cause)].join("\n")
    : shown.join("\n")
}

const writeEvent = Schema.encodeSync(Schema.fromJsonString(Lifecycle.Event))
const writeState = Schema.encodeSync(Schema.fromJsonString(Lifecycle.State))

const overheard = <A, E, R>(program: Effect.Effect<A, E, R>) => {
  const said: Array<string> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      const end = span.end.bind(span)
      span.end = (at, exit) => {
        said.push(renderings(exit), renderings([...span.attributes]), renderings(span.events))
        end(at, exit)
      }
      said.push(options.name)
      return span
    },
  })
  const logger = Logger.make(({ cause, message }) => void said.push(renderings(message), renderings(cause)))
  const watch = (step: Client.Step) =>
    Effect.sync(() => {
      // A step of work that is not accepted holds the caller's own input.
      if (Lifecycle.isAccepted(step.state)) said.push(renderings(step), writeState(step.state))
      if (step._tag === "Happened" && step.event._tag !== "Drafted") said.push(writeEvent(step.event))
    })
  const watched = program.pipe(
    Effect.tapCause((cause) => Effect.logError("it failed", cause)),
    Effect.tap((output) => Effect.logInfo("it ended", output)),
    Effect.withSpan("a run of the caller's"),
    Effect.provideService(Client.Watcher, watch),
    Effect.withTracer(tracer),
    Effect.provide(Logger.layer([logger, Logger.formatJson.pipe(Logger.map((line) => void said.push(line)))])),
    Effect.provideService(References.MinimumLogLevel, "All"),
  )
  return { said, program: watched }
}

/** Everything that could be read of one run, in one text. */
const story = async (service: Service, seed: number): Promise<{ readonly text: string; readonly seen: number }> => {
  const die = dice(seed)
  const { handler } = await Effect.runPromise(service.make)
  const planted: Emulator.Handler = (request) =>
    Effect.suspend(() => {
      const lot = die(10)
      if (lot < 3) return Effect.succeed(refusal(die, service))
      if (lot < 5) return Effect.succeed(oddities(die))
      return Effect.map(handler(request), enriched)
    })
  const { program, said } = overheard(Client.run(service.draft, { within: "20 minutes" }))
  const { entries, exit, journal, seen, timeline } = await Rehearsal.play({
    connect: (origin) => service.layer({ apiKey: tokens.key, baseUrl: `${origin}${service.path}` }),
    handler: planted,
    program,
  })
  // What the caller wrote has to be kept in the journal's first row; it is looked for everywhere else.
  const rows = journal.split("\n").filter((row) => !row.includes('"_tag":"Drafted"'))
  return { text: [...said, renderings(exit), timeline, Report.html(entries), ...rows].join("\n"), seen: seen.length }
}

const found = (text: string): ReadonlyArray<string> =>
  [...texts, ours].filter((token) => text.includes(token)).map((token) => `${token}: ${around(text, token)}`)
const around = (text: string, token: string): string => {
  const at = text.indexOf(token)
  return text.slice(Math.max(0, at - 200), at + 60)
}

describe.each(services.map((service) => [service.name, service] as const))("%s", (_, service) => {
  it("shows none of them in three hundred runs, whatever the service says", async () => {
    let requests = 0
    for (let seed = 1; seed <= 300; seed++) {
      const { seen, text } = await story(service, seed)
      requests += seen
      expect(found(text), `seed ${seed}`).toEqual([])
    }
    // The runs were runs: a service that was never asked would show nothing either.
    expect(requests).toBeGreaterThan(500)
  })

  it("a delivery shows none of them either, taken or refused", async () => {
    const { hook } = service
    if (hook === undefined) return
    const inbox = Inbox.makeMemory()
    for (const secrets of [[tokens.webhook], ["whsec_!"], []]) {
      const receive = Webhook.receiveInto(hook, { secrets, inbox })
      for (const body of [`{"token":"${tokens.body}"`, JSON.stringify({ data: { id: tokens.body, url: signed } })]) {
        const given = {
          "webhook-signature": `v1,${tokens.header}`,
          "x-overten-signature": tokens.header,
          authorization: tokens.key,
        }
        const answer = await Effect.runPromise(receive({ headers: given, body }))
        expect(found(renderings(answer))).toEqual([])
        expect(answer.status).toBeGreaterThanOrEqual(400)
      }
    }
  })
})

describe("the search itself", () => {
  it("finds every token where it is planted: a leak of any kind is seen", async () => {
    const { program, said } = overheard(Effect.logInfo(Object.values(tokens).join(" "), { ours: source }))
    await Effect.runPromise(program)
    expect(found(said.join("\n"))).toHaveLength(texts.length + 1)
  })
})
