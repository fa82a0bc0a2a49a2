/** Every service on one stage: what it is asked for at each stage, or why it has none. */
import { DateTime, Duration, Effect, Exit, Layer, Stream } from "effect"
import { Artifact, Client, Inbox, Journal, type Operation, type Reason, type Remote } from "@tenuto/core"
import * as GoogleStyle from "@tenuto/examples/google-style"
import * as HeyDonna from "@tenuto/heydonna"
import * as HeyDonnaEmulator from "@tenuto/heydonna/Emulator"
import { Download, type Transport, Webhook } from "@tenuto/http"
import * as Overten from "@tenuto/overten"
import * as OvertenEmulator from "@tenuto/overten/Emulator"
import * as Soundpiece from "@tenuto/soundpiece"
import * as SoundpieceEmulator from "@tenuto/soundpiece/Emulator"
import { type Courier, Emulator, Fault, Rehearsal, Routes } from "@tenuto/testkit"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import * as Whisul from "@tenuto/whisul"
import * as WhisulEmulator from "@tenuto/whisul/Emulator"

/** Longer than one hold and one pause, shorter than the patience with a submit. */
const work = Duration.seconds(25)
/** A service that never tells an end is not asked for half an hour. */
const patience = { within: "5 minutes" } as const
const secret = "whsec_c29uZ3Mgb2YgdGhlIGNob2lyLCB1bnN1bmc="

/** What was true in the end, as far as the one who asked could tell. */
export interface Told {
  /** `done …`, or the truth and the reason of a failure. */
  readonly end: string
  /** How many operations the service began. */
  readonly operations: number
  readonly requests: number
  readonly took: number
  readonly timeline: string
}

/** Play one fault on one carrier. */
type Play = (fault: string, carrier: "memory" | "loopback") => Promise<Told>

interface Member {
  readonly name: string
  /** For each stage a play, or why there is none. */
  readonly stages: Readonly<Record<Fault.Stage, Play | string>>
  /** What its emulator says of itself. */
  readonly hooks: Effect.Effect<Fault.Hooks>
}

interface Emulated {
  readonly handler: Emulator.Handler
  readonly hooks: Fault.Hooks
  readonly ledger: Effect.Effect<{ readonly operations: ReadonlyArray<unknown> }>
  readonly courier?: Courier.Courier
}

type Program<Service extends string> = (
  hook: string,
) => Effect.Effect<string, unknown, Remote.Remote<Service> | Rehearsal.Stage>

interface Cast<Service extends string> {
  readonly name: Service
  readonly make: (hook: string) => Effect.Effect<Emulated>
  readonly connect: (origin: string) => Layer.Layer<Remote.Remote<Service>, never, Transport.Transport>
  readonly webhook?: Webhook.Webhook
  readonly stages: Readonly<Record<Fault.Stage, Program<Service> | string>>
}

/** The truth and its reason; what a carrier words in its own way is left out. */
const said = (failure: unknown): string => {
  const { _tag, reason } = failure as { readonly _tag: string; readonly reason?: Reason.Reason }
  if (reason === undefined) return _tag
  const { _tag: why, ...more } = reason
  const details = Object.entries(more).flatMap(([name, value]: [string, unknown]) => {
    if (Duration.isDuration(value)) return [`${name} ${Duration.format(value)}`]
    return typeof value === "string" && name !== "problem" ? [`${name} ${value}`] : []
  })
  return [`${_tag} ${why}`, ...details].join(" ")
}
const endOf = (exit: Exit.Exit<string, unknown>): string => {
  if (Exit.isSuccess(exit)) return `done ${exit.value}`.trim()
  const [reason] = exit.cause.reasons
  return reason?._tag === "Fail" ? said(reason.error) : String(exit.cause)
}

const play =
  <Service extends string>(cast: Cast<Service>, program: Program<Service>): Play =>
  async (fault, carrier) => {
    const inbox = Inbox.makeMemory()
    const letters: Array<string> = []
    const receiver =
      cast.webhook === undefined
        ? () => Effect.succeed({ status: 404, headers: {} })
        : Webhook.receiveInto(cast.webhook, {
            inbox,
            secrets: [secret],
            onAnswer: ({ outcome }) => letters.push(outcome),
          })
    // Where letters go is known once the service listens, and the service is made with it.
    let behind: Emulator.Handler = () => Effect.die("nobody is there yet")
    let origin = ""
    let requests = 0
    let ledger: Emulated["ledger"] = Effect.succeed({ operations: [] })
    const story = Effect.gen(function* () {
      origin = yield* Rehearsal.Origin
      const hook = `${origin}/hook`
      const service = yield* cast.make(hook)
      ledger = service.ledger
      behind = yield* Effect.flatMap(Effect.forEach([fault], Fault.parse), (planned) =>
        Fault.apply(service.handler, planned, service.hooks),
      )
      if (service.courier !== undefined) yield* Effect.forkScoped(service.courier.deliveries)
      return yield* program(hook)
    }).pipe(Effect.provideService(Inbox.Inbox, inbox))
    const played = await Rehearsal.play({
      connect: cast.connect,
      handler: (request) => {
        // In memory what is sent elsewhere comes here too.
        if (request.url.startsWith(origin)) requests++
        return request.url === `${origin}/hook`
          ? Effect.map(receiver(request), ({ headers, status }) => Emulator.answer(status, "", headers))
          : behind(request)
      },
      program: story,
      ...(carrier === "loopback" ? { transport: NodeTransport.layer } : {}),
    })
    return {
      end: [endOf(played.exit), ...letters].join(", "),
      operations: (await Effect.runPromise(ledger)).operations.length,
      requests,
      took: played.took,
      timeline: played.timeline,
    }
  }

const member = <Service extends string>(cast: Cast<Service>): Member => {
  const { cancel, download, look, "long-poll": held, submit, webhook } = cast.stages
  const on = (stage: Program<Service> | string) => (typeof stage === "string" ? stage : play(cast, stage))
  return {
    name: cast.name,
    hooks: Effect.map(cast.make("http://hook.test"), ({ hooks }) => hooks),
    stages: {
      submit: on(submit),
      look: on(look),
      "long-poll": on(held),
      download: on(download),
      cancel: on(cancel),
      webhook: on(webhook),
    },
  }
}

/** Start it and wait for it. */
const run =
  <O extends Operation.Any>(draft: Operation.Draft<O>) =>
  () =>
    Effect.as(Client.run(draft), "")
/** Start it, wait for it, and look once more: settled is final, and a service may say otherwise. */
const seen =
  <O extends Operation.Any>(operation: O, draft: Operation.Draft<O>) =>
  () =>
    Effect.gen(function* () {
      const handle = yield* Client.submit(draft)
      yield* Client.settle(operation, handle, patience)
      const again = yield* Client.look(operation, handle)
      return `then ${again._tag}`
    })
/** The same, with a second waiter that has never heard of it in place of the look: it asks to be held. */
const seenTwice =
  <O extends Operation.Any>(operation: O, draft: Operation.Draft<O>) =>
  () =>
    Effect.gen(function* () {
      const handle = yield* Client.submit(draft)
      yield* Client.settle(operation, handle, patience)
      yield* Effect.provide(Client.settle(operation, handle, patience), Layer.fresh(Journal.layerMemory))
      return "twice"
    })
const fetched =
  <O extends Operation.Any>(operation: O, draft: Operation.Draft<O>, name: string) =>
  () =>
    Effect.gen(function* () {
      const artifact = Artifact.find((yield* Client.run(draft)) as Artifact.Tree, name)
      if (artifact === undefined) return yield* Effect.die(`there is no file called ${name}`)
      const size = yield* Stream.runFold(
        Download.stream(operation, artifact),
        () => 0,
        (sum, part) => sum + part.byteLength,
      )
      return `${size} bytes`
    })
/** Wait for it, and stay until every letter has come. */
const heard = <E, R>(wait: Effect.Effect<unknown, E, R>) =>
  Effect.gen(function* () {
    const exit = yield* Effect.exit(wait)
    yield* Effect.sleep("3 hours")
    return yield* Effect.as(exit, "")
  })

const noCancel = "no page offers to cancel"
const noHold = "looks are answered at once"

const words = { lyrics: "Hold the note", prompt: "Slow waltz" }
const song = Soundpiece.newSong(words)
const brief = Overten.wordGenerate({ prompt: "A brief on long notes", async: true })
const project = HeyDonna.createProject(
  { title: "Smith v. Jones", audioUrl: "https://bucket.test/a.mp3" },
  { reference: "order-7" },
)
const beat = Whisul.generate({ prompt: "a relaxing lo-fi hip hop beat" })
const tune = GoogleStyle.render({ lyrics: "Hold the note" })

/** In the style of Google: an operation that can be cancelled. */
const ostinato = Effect.gen(function* () {
  const started: Array<DateTime.Utc> = []
  let isCancelled = false
  const told = (index: number) =>
    Effect.map(DateTime.now, (now) => {
      const began = started[index]
      if (began === undefined) return Emulator.json(404, { error: { status: "NOT_FOUND", message: "No." } })
      const isDone = Duration.isGreaterThanOrEqualTo(DateTime.distance(began, now), work)
      const end = isCancelled ? { error: { code: 1 } } : { response: { title: "Hold the note", bars: 12 } }
      return Emulator.json(200, {
        name: `operations/${index}`,
        ...(isDone || isCancelled ? { done: true, ...end } : {}),
      })
    })
  const { handler, stage } = yield* Routes.make(
    [
      Routes.route({
        method: "POST",
        path: "/v1/songs:render",
        stage: "submit",
        answer: () => Effect.flatMap(DateTime.now, (now) => told(started.push(now) - 1)),
      }),
      Routes.route({
        method: "GET",
        path: "/v1/operations/:id",
        stage: "look",
        answer: (_, { id }) => told(Number(id)),
      }),
      Routes.route({
        method: "POST",
        path: "/v1/operations/:id",
        stage: "cancel",
        answer: () => Effect.sync(() => ((isCancelled = true), Emulator.json(200, {}))),
      }),
    ],
    {
      unknown: () => Effect.succeed(Emulator.answer(404)),
      wrongVerb: (_, allow) => Effect.succeed(Emulator.answer(405, "", { allow })),
    },
  )
  const hooks: Fault.Hooks = {
    stageOf: stage,
    stages: ["submit", "look", "cancel"],
    refuse: ({ code = "REFUSED", detail: message, headers, status }) =>
      Emulator.json(status, { error: { code: status, status: code, message } }, headers),
    gone: Emulator.json(404, { error: { status: "NOT_FOUND", message: "No." } }),
    unknownStatus: (body) => ({ ...body, metadata: { state: "MARINATING" } }),
    unknownFailure: (body) => ({ ...body, done: true, error: { code: 99 } }),
  }
  return { handler, hooks, ledger: Effect.sync(() => ({ operations: started })) }
})

export const troupe: ReadonlyArray<Member> = [
  member({
    name: "soundpiece",
    make: () => SoundpieceEmulator.make({ work, webhookSecret: secret }),
    connect: (origin) => Soundpiece.layer({ apiKey: "spk_4f9d2c71e8", baseUrl: `${origin}/v1` }),
    webhook: Soundpiece.webhook,
    stages: {
      submit: run(song),
      look: seen(Soundpiece.newSong, song),
      "long-poll": seenTwice(Soundpiece.newSong, song),
      download: fetched(Soundpiece.newSong, song, "outputs.0"),
      cancel: noCancel,
      webhook: (callback_url) => heard(Client.run(Soundpiece.newSong({ ...words, callback_url }))),
    },
  }),
  member({
    name: "overten",
    make: () => OvertenEmulator.make({ work, webhookSecret: secret }),
    connect: (origin) =>
      Overten.layer({ apiKey: "sk_live_7Hq2mZp9X", baseUrl: `${origin}/api/v1`, tier: "enterprise" }),
    webhook: Overten.webhook,
    stages: {
      submit: run(brief),
      look: seen(Overten.wordGenerate, brief),
      "long-poll": noHold,
      download: fetched(Overten.wordGenerate, brief, "document"),
      cancel: noCancel,
      webhook: (webhook_url) =>
        heard(Client.run(Overten.wordGenerate({ prompt: "A brief on long notes", async: true, webhook_url }))),
    },
  }),
  member({
    name: "heydonna",
    make: (url) => HeyDonnaEmulator.make({ work, webhook: { url, secret } }),
    connect: (origin) => HeyDonna.layer({ apiKey: "hd_ext_5b7a", baseUrl: origin }),
    webhook: HeyDonna.webhook,
    stages: {
      submit: run(project),
      look: seen(HeyDonna.createProject, project),
      "long-poll": noHold,
      download: "its results are read in its own pages",
      cancel: noCancel,
      webhook: () => heard(Client.run(project)),
    },
  }),
  member({
    name: "whisul",
    make: () => WhisulEmulator.make({ work }),
    connect: (origin) => Whisul.layer({ apiKey: "w_5b7a", baseUrl: `${origin}/api` }),
    stages: {
      submit: run(beat),
      look: seen(Whisul.generate, beat),
      "long-poll": noHold,
      download: fetched(Whisul.generate, beat, "song"),
      cancel: noCancel,
      webhook: "it sends none",
    },
  }),
  member({
    name: "ostinato",
    make: () => ostinato,
    connect: (origin) => GoogleStyle.layer({ apiKey: "key-4f9d2c71e8", baseUrl: origin }),
    stages: {
      submit: run(tune),
      look: seen(GoogleStyle.render, tune),
      "long-poll": noHold,
      download: "its result stands in the answer",
      cancel: () =>
        Effect.gen(function* () {
          const handle = yield* Client.submit(tune)
          const asked = yield* Effect.match(Client.cancel(GoogleStyle.render, handle), {
            onFailure: said,
            onSuccess: ({ _tag }) => _tag,
          })
          const end = yield* Effect.match(Client.settle(GoogleStyle.render, handle), {
            onFailure: said,
            onSuccess: () => "sung",
          })
          return `${asked}, ${end}`
        }),
      webhook: "it sends none",
    },
  }),
]
