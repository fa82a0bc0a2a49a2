/** `tenuto emulate`: a service on a loopback port that keeps its promises, and breaks where it is told to. */
import { readFile } from "node:fs/promises"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as DateTime from "effect/DateTime"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Handler } from "@tenuto/testkit/Emulator"
import { Usage } from "../exit.ts"
import * as Flags from "../flags.ts"
import * as Recording from "../recording.ts"
import * as Screen from "../screen.ts"
import * as Services from "../services.ts"
import * as Setting from "../setting.ts"
import * as Text from "../text.ts"

const portOf = (name: string, says: string) =>
  Flag.Int(name).pipe(
    Flag.filter(
      (given) => given >= 0 && given <= 65_535,
      () => "1 to 65535, or 0 for any free port",
    ),
    Flag.withMetavar("n"),
    Flag.withDescription(`${says}; any free one when left out`),
    Flag.withDefault(0),
  )
const port = portOf("port", "The port to listen on")
const controlPort = portOf("control-port", "The port of its control")
const fault = Flag.String("fault").pipe(
  Flag.withMetavar("name[=n]@stage[:n]"),
  Flag.withDescription(
    "What goes wrong, such as reset-after-commit@submit, 503@look:2 or outage=60@long-poll; `--fault list` tells every fault there is; may be given several times",
  ),
  Flag.atLeast(0),
)
const script = Flag.String("script").pipe(
  Flag.withMetavar("file"),
  Flag.withDescription(
    'A story: {"version":1,"steps":[{"on":"look","fault":"503","times":2}]}; requests use its steps up in order',
  ),
  Flag.optional,
)
const cassette = Flag.String("cassette").pipe(
  Flag.withMetavar("file"),
  Flag.withDescription("Answer as was recorded with --record, in the order and after the time it took, each once"),
  Flag.optional,
)
const volatile = Flag.String("volatile").pipe(
  Flag.withMetavar("name"),
  Flag.withDescription(
    "A field that may differ from the recorded one, such as a reference; may be given several times",
  ),
  Flag.atLeast(0),
)
const failing = Flag.String("failing").pipe(
  Flag.withMetavar("code"),
  Flag.withDescription("Let all work fail with this code"),
  Flag.optional,
)
const seed = Flag.Int("seed").pipe(
  Flag.withMetavar("n"),
  Flag.withDescription("Names the operations: the same seed gives the same ids"),
  Flag.optional,
)

const limit = Flag.String("limit").pipe(
  Flag.filterMap(
    (text) => {
      const [, requests, window] = /^(\d{1,6})\/(.+)$/.exec(text) ?? []
      const span = window === undefined ? undefined : Text.duration(window)
      return span === undefined ? Option.none() : Option.some({ requests: Number(requests), window: span })
    },
    () => "how many in how long, such as 100/1m",
  ),
  Flag.withMetavar("n/duration"),
  Flag.withDescription(
    "How many requests the service allows in any span of this length; the rest are refused with 429",
  ),
  Flag.optional,
)
const webhookSecret = Flag.String("webhook-secret").pipe(
  Flag.withMetavar("secret"),
  Flag.withDescription("Deliver webhooks, signed with this secret, where the requests ask for them"),
  Flag.optional,
)
const webhookUrl = Flag.String("webhook-url").pipe(
  Flag.filter(
    (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
    () => "an http or https URL",
  ),
  Flag.withMetavar("url"),
  Flag.withDescription("Where to deliver, for a service that has this in its settings; with --webhook-secret"),
  Flag.optional,
)

const clock = Flag.Literals("clock", ["real", "held", "told"]).pipe(
  Flag.withDescription(
    "How its time moves: real, held (by itself while it holds a request, else as the control is told), or only as told",
  ),
  Flag.withDefault("real" as const),
)
const given = <Name extends string, A>(name: Name, value: Option.Option<A>): { readonly [_ in Name]?: A } =>
  Option.match(value, { onNone: () => ({}), onSome: (some) => ({ [name]: some }) as { readonly [_ in Name]: A } })

/** Tell every request and what became of it, as its client experienced it. */
const told =
  (subject: () => Services.Emulated | undefined, isJson: boolean) =>
  (handler: Handler): Handler => {
    let began: number | undefined
    return (request) =>
      Effect.flatMap(Clock.currentTimeMillis, (came) => {
        began ??= came
        const since = began
        const { pathname } = new URL(request.url)
        const tell = (did: string, status: number | undefined) =>
          Effect.gen(function* () {
            const seconds = (((yield* Clock.currentTimeMillis) - since) / 1000).toFixed(3)
            const emulated = subject()
            const operations = emulated === undefined ? [] : (yield* emulated.ledger).operations
            const line = {
              request: `${request.method} ${pathname}`,
              stage: emulated?.hooks.stageOf(request) ?? null,
              did,
              ...(status === undefined ? {} : { status }),
              operations: operations.length,
            }
            yield* isJson
              ? Screen.json(line)
              : Screen.out(
                  `${seconds.padStart(9)} s  ${line.request}  ${did}${status === undefined ? "" : ` ${status}`}`,
                )
          })
        return handler(request).pipe(
          Effect.tap((behaviour) =>
            tell(behaviour._tag, "response" in behaviour ? behaviour.response.status : undefined),
          ),
          Effect.onInterrupt(() => tell("Left", undefined)),
        )
      })
  }

/** What a recording has settled cannot be asked for. Errors: `Usage`. */
const replay = Effect.fnUntraced(function* (
  file: string,
  volatile: ReadonlyArray<string>,
  others: Readonly<Record<string, Option.Option<unknown>>>,
) {
  const other = Object.entries(others).find(([, value]) => Option.isSome(value))
  if (other === undefined) return yield* Recording.play(file, volatile)
  const problem = `--${other[0]} means nothing with --cassette: the recording says it`
  return yield* new Usage({ problem, way: `leave --${other[0]} out; --fault and --script still apply` })
})

/** What would go wrong with every delivery is said before there is one. Errors: `Usage`. */
const hookOf = Effect.fnUntraced(function* (
  { hook, load, name }: Services.Service,
  given: { readonly webhookSecret: Option.Option<string>; readonly webhookUrl: Option.Option<string> },
): Effect.fn.Return<object, Usage> {
  const secret = Option.getOrUndefined(given.webhookSecret)
  const url = Option.getOrUndefined(given.webhookUrl)
  if (secret === undefined && url === undefined) return {}
  const { webhook } = yield* load
  if (hook === undefined || webhook === undefined) {
    const way = "leave --webhook-secret and --webhook-url out"
    return yield* new Usage({ problem: `${name} delivers no webhooks`, way })
  }
  if (hook.from === "request" && url !== undefined) {
    const problem = `--webhook-url: ${name} is told where to deliver by each request`
    return yield* new Usage({ problem, way: `give the address as ${hook.field} in --input` })
  }
  if (secret === undefined) {
    return yield* new Usage({ problem: "--webhook-url needs a secret to sign with", way: "give --webhook-secret too" })
  }
  const Signature = yield* Effect.promise(() => import("@tenuto/http/Signature"))
  const trial = { id: "trial", timestamp: yield* DateTime.now, body: new Uint8Array() }
  yield* Effect.mapError(
    Signature.sign(webhook.scheme, secret, trial),
    ({ message }) => new Usage({ problem: `--webhook-secret: ${message}`, way: "give one as the service makes them" }),
  )
  if (hook.from === "request") return hook.options(secret)
  if (url !== undefined) return hook.options(secret, url)
  const problem = `--webhook-secret: ${name} has in its settings where to deliver`
  return yield* new Usage({ problem, way: "give --webhook-url too" })
})

const refused = (name: string) => (error: { readonly message: string }) =>
  new Usage({ problem: `${name}: ${error.message}`, way: "tenuto emulate --help shows examples" })

const read = (file: string) =>
  Effect.tryPromise({
    try: () => readFile(file, "utf8"),
    catch: () => refused("--script")({ message: `${file} cannot be read` }),
  })

export const emulate = Command.make(
  "emulate",
  {
    service: Flags.service,
    port,
    work: Flags.work,
    hold: Flags.hold,
    linkLife: Flags.linkLife,
    fault,
    script,
    cassette,
    volatile,
    failing,
    limit,
    set: Flags.set,
    webhookSecret,
    webhookUrl,
    seed,
    clock,
    controlPort,
    json: Flags.json,
  },
  Effect.fn(function* (options) {
    const service = yield* Services.find(options.service)
    const [Control, Fault, Script] = yield* Effect.promise(() =>
      Promise.all([
        import("@tenuto/testkit/Control"),
        import("@tenuto/testkit/Fault"),
        import("@tenuto/testkit/Script"),
      ]),
    )
    if (options.fault.includes("list")) {
      const width = Math.max(...Fault.all.map(({ name }) => name.length))
      return yield* Effect.forEach(
        Fault.all.filter(({ carriers }) => carriers !== "memory"),
        ({ name, says, stages }) =>
          options.json
            ? Screen.json({ name, says, stages })
            : Screen.out(`${name.padEnd(width)}  ${says} (${stages.join(", ")})`),
        { discard: true },
      )
    }
    const faults = yield* Effect.mapError(Effect.forEach(options.fault, Fault.parse), refused("--fault"))
    const unfit = faults.find(({ fault }) => fault.carriers === "memory")
    if (unfit !== undefined) {
      return yield* new Usage({
        problem: `--fault: ${unfit.fault.name} cannot happen on a port that listens and speaks plain HTTP`,
        way: "to be refused, end the emulator or give --base-url a port where nothing listens",
      })
    }
    if (options.port !== 0 && options.port === options.controlPort) {
      const problem = `--port and --control-port are both ${options.port}`
      return yield* new Usage({ problem, way: "give each its own, or leave one out for any free one" })
    }
    const { table } = yield* service.load
    const own = yield* Setting.parse(service.name, service.manners, options.set)
    const hook = yield* hookOf(service, options)
    const { make } = yield* service.emulator
    const making = make({
      ...given("work", options.work),
      ...given("hold", options.hold),
      ...given("linkLife", options.linkLife),
      ...own,
      ...hook,
      ...given("limit", options.limit),
      ...given("failing", options.failing),
      ...given("seed", options.seed),
    })
    const { failing, hold, limit, linkLife, seed, webhookSecret, webhookUrl, work } = options
    const settled = { work, hold, "link-life": linkLife, failing, limit, seed }
    const others = { ...settled, "webhook-secret": webhookSecret, "webhook-url": webhookUrl }
    const playing = Option.map(options.cassette, (file) => replay(file, options.volatile, others))
    if (Option.isNone(playing) && options.volatile.length > 0) {
      const way = "give --cassette too, or leave --volatile out"
      return yield* new Usage({ problem: "--volatile says what may differ from a recording, and there is none", way })
    }
    const story = Option.isNone(options.script)
      ? undefined
      : yield* Effect.mapError(Script.parse(yield* read(options.script.value)), refused("--script"))

    const scripted = Effect.gen(function* () {
      const emulated = yield* making
      const played = Option.isNone(playing) ? undefined : yield* playing.value
      const answering = played?.handler ?? emulated.handler
      const applied = story === undefined ? Effect.succeed(answering) : Script.apply(answering, story, emulated.hooks)
      return { ...emulated, handler: yield* Effect.mapError(applied, refused("--script")), played }
    })
    let current: Effect.Success<typeof scripted> | undefined
    const served = yield* Control.serve({
      make: Effect.tap(scripted, (made) => Effect.sync(() => (current = made))),
      faults: options.fault,
      moves: options.clock,
      watch: told(() => current, options.json),
      service: { port: options.port },
      control: { port: options.controlPort },
      ...given("seed", options.seed),
    }).pipe(
      Effect.mapError((error) => {
        if (error._tag === "Usage") return error
        if (error._tag === "Unrecognised") return refused("--fault")(error)
        const flag = error.detail.includes(`:${options.port} `)
          ? `--port ${options.port}`
          : `--control-port ${options.controlPort}`
        const problem = error.detail.includes("EADDRINUSE") ? "something else is listening there" : error.message
        return new Usage({
          problem: `${flag}: ${problem}`,
          way: "choose another port, or leave it out for any free one",
        })
      }),
    )
    const listening = `${served.url}${new URL(table.base).pathname.replace(/\/$/, "")}`
    yield* options.json
      ? Screen.json({ listening, control: served.control })
      : Screen.out(
          `${service.name} is emulated at ${listening}\n  use it with --base-url ${listening}; Ctrl-C ends it\n  it is controlled at ${served.control}, which lists how`,
        )
    const verdict = Effect.suspend(() =>
      Effect.match(current?.played?.verify ?? Effect.void, {
        onFailure: ({ message }) => message,
        onSuccess: () => "everything recorded was asked for, and nothing else",
      }),
    )
    if (Option.isSome(playing)) {
      return yield* Effect.ensuring(
        Effect.never,
        Effect.flatMap(verdict, (said) => (options.json ? Screen.json({ cassette: said }) : Screen.out(said))),
      )
    }
    return yield* Effect.ensuring(
      Effect.never,
      Effect.flatMap(served.ledger, ({ requests, ...ledger }) =>
        options.json
          ? Screen.json({ ledger: { ...ledger, requests: requests.length } })
          : Screen.out(`operations created: ${ledger.operations.length}, requests: ${requests.length}`),
      ),
    )
  }, Effect.scoped),
).pipe(
  Command.withDescription("Play a service on a loopback port, with faults where you want them"),
  Command.withExamples([
    { command: "tenuto emulate soundpiece --port 8080 --work 10s", description: "Work takes ten seconds" },
    {
      command: "tenuto emulate soundpiece --fault reset-after-commit@submit --fault 503@look:2",
      description: "The first answer is lost, and two looks fail",
    },
    { command: "tenuto emulate soundpiece --script story.json --json", description: "A story, told line by line" },
    {
      command: "tenuto emulate soundpiece --clock held --work 1h",
      description: "An hour passes while a client waits; POST /clock/advance to the control while it sleeps",
    },
    { command: "tenuto emulate soundpiece --cassette run.json", description: "What tenuto run --record run.json saw" },
  ]),
)
