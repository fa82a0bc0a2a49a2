/**
 * `tenuto demo`: one song through everything that goes wrong, in about twenty seconds.
 *
 * The emulator and the client are processes of their own; every figure is counted from what they say. Nothing is left
 * running, and nothing but the song is left on disk.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Command from "effect/cli/Command"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import { start } from "../child.ts"
import * as Child from "../child.ts"
import { codes, Ended } from "../exit.ts"
import * as Flags from "../flags.ts"
import * as Screen from "../screen.ts"
import { span } from "../text.ts"
import * as Words from "../words.ts"

/** What goes wrong, in order. */
const story = {
  version: 1,
  steps: [
    { on: "submit", fault: "reset-after-commit" },
    { on: "submit", fault: "503" },
    { on: "submit", fault: "429=2" },
    { on: "download", fault: "expired-link" },
  ],
}
const song = { lyrics: "Hold the note, let it ring", prompt: "A slow waltz for one voice" }

// --- what is heard ------------------------------------------------------------------------------

const Listening = Schema.Struct({ listening: Schema.String })
const Answered = Schema.Struct({
  request: Schema.String,
  stage: Schema.NullOr(Schema.String),
  did: Schema.String,
  status: Schema.optionalKey(Schema.Int),
  operations: Schema.Int,
})
const Ledger = Schema.Struct({
  ledger: Schema.Struct({ operations: Schema.Array(Schema.Struct({ key: Schema.String, puts: Schema.Int })) }),
})
const Happened = Schema.Struct({ event: Lifecycle.Event })
const Next = Schema.Struct({ next: Schema.Struct({ _tag: Schema.String, at: Schema.optionalKey(Schema.String) }) })
const Saved = Schema.Struct({ saved: Schema.Struct({ file: Schema.String, bytes: Schema.Int }) })
const Entries = Schema.Struct({
  entries: Schema.Array(
    Schema.Struct({ output: Schema.Struct({ outputs: Schema.Array(Schema.Struct({ duration: Schema.Finite })) }) }),
  ),
})

const isListening = Schema.is(Listening)
const isAnswered = Schema.is(Answered)
const isLedger = Schema.is(Ledger)
const readEvent = Schema.decodeUnknownResult(Happened)
const isNext = Schema.is(Next)
const isSaved = Schema.is(Saved)
const isEntries = Schema.is(Entries)

type Ledger = (typeof Ledger.Type)["ledger"]

/** Everything that was counted. */
interface Tally {
  answers: Array<typeof Answered.Type>
  events: Array<Lifecycle.Event>
  saved: (typeof Saved.Type)["saved"] | undefined
  seconds: number | undefined
  ledger: Ledger | undefined
}

// --- the timeline -------------------------------------------------------------------------------

const clock = () => {
  const began = performance.now()
  return () => (performance.now() - began) / 1000
}

const say = (seconds: number, who: string, what: string): void =>
  Effect.runSync(Screen.out(`${seconds.toFixed(1).padStart(5)} s  ${who.padEnd(8)} ${what}`))

const answer = ({ did, operations, request, stage, status }: typeof Answered.Type): string => {
  const [method, path] = request.split(" ")
  const what = `${method} ${stage === "download" ? "the file" : (path?.split("/").at(-1) ?? "")}`
  const came =
    did === "Left" ? "the client is gone" : did === "Answered" ? String(status) : `connection ${did.toLowerCase()}`
  return `${what}: ${came}${stage === "submit" ? `, operations created: ${operations}` : ""}`
}

// --- the play -----------------------------------------------------------------------------------

const environment = { TENUTO_SOUNDPIECE_KEY: "spk_demo_of_the_emulator" }

const play = Effect.fnUntraced(function* (directory: string, out: string) {
  const now = clock()
  const tally: Tally = { answers: [], events: [], saved: undefined, seconds: undefined, ledger: undefined }
  const listening = yield* Deferred.make<string>()
  const waiting = yield* Deferred.make<void>()
  const [script, journal] = [join(directory, "story.json"), join(directory, "journal.db")]
  yield* Effect.promise(() => writeFile(script, JSON.stringify(story)))

  const hearService = (line: Child.Line) => {
    if (isListening(line)) Deferred.doneUnsafe(listening, Effect.succeed(line.listening))
    else if (isLedger(line)) tally.ledger = line.ledger
    else if (isAnswered(line)) {
      tally.answers.push(line)
      say(now(), "service", answer(line))
    }
  }
  const hearClient = (who: string) => (line: Child.Line) => {
    const event = readEvent(line)
    if (Result.isSuccess(event)) {
      tally.events.push(event.success.event)
      return say(now(), who, Words.happened(event.success.event))
    }
    if (isSaved(line)) {
      tally.saved = line.saved
      return say(now(), who, `saved ${line.saved.bytes} bytes`)
    }
    if (isEntries(line)) tally.seconds = line.entries[0]?.output.outputs[0]?.duration
    if (!isNext(line) || line.next.at === undefined) return
    const rest = DateTime.distance(DateTime.nowUnsafe(), DateTime.makeUnsafe(line.next.at))
    if (line.next._tag === "Submit" && tally.events.at(-1)?._tag !== "Drafted")
      say(now(), who, `sends again in ${span(rest)}`)
    // It has seen a long poll come back unfinished, and is about to wait in the next one.
    if (tally.events.some(({ _tag }) => _tag === "Observed")) Deferred.doneUnsafe(waiting, Effect.void)
  }

  const emulator = yield* start(
    ["emulate", "soundpiece", "--json", "--work", "15s", "--hold", "3s", "--script", script],
    environment,
    hearService,
  )
  const base = yield* Effect.raceFirst(
    Deferred.await(listening),
    Effect.andThen(emulator.ended, Effect.flatMap(emulator.complaints, broken)),
  )
  say(now(), "demo", `Soundpiece is emulated at ${base}, in a process of its own`)

  const flags = ["--base-url", base, "--journal", journal, "--json"]
  const client = yield* start(
    ["run", "soundpiece", "create.new_song", "--input", JSON.stringify(song), ...flags],
    environment,
    hearClient("client"),
  )
  yield* Effect.raceFirst(
    Deferred.await(waiting),
    Effect.andThen(client.ended, Effect.flatMap(client.complaints, broken)),
  )
  yield* Effect.sleep("500 millis")
  yield* client.signal("SIGKILL")
  const killed = yield* client.ended
  say(now(), "demo", `the client was killed with ${killed} while it waited; recover starts from its journal`)

  const heir = yield* start(["recover", ...flags, "--out", out], environment, hearClient("recover"))
  const code = yield* heir.ended
  if (code !== 0) return yield* Effect.flatMap(heir.complaints, broken)
  yield* emulator.signal("SIGTERM")
  yield* emulator.ended
  return yield* summary(tally, killed, now())
})

const broken = (complaints: string): Effect.Effect<never, Ended> =>
  Effect.andThen(Screen.tell(`tenuto: the demo broke:\n${complaints}`), Effect.fail(new Ended({ code: codes.Defect })))

const count = (many: number, thing: string): string => `${many} ${thing}${many === 1 ? "" : "s"}`

/** Break a paragraph into lines that fit a terminal. */
const wrapped = (text: string): string => text.replace(/(.{1,96})(?: |$)/g, "$1\n").trimEnd()

const summary = Effect.fnUntraced(function* (tally: Tally, killed: number | string, seconds: number) {
  const { answers, events, ledger, saved } = tally
  if (ledger === undefined || saved === undefined) return yield* broken("it ended without a ledger or without a file")
  const of = (stage: string, status?: number) =>
    answers.filter((one) => one.stage === stage && (status === undefined || one.status === status)).length
  const resets = answers.filter(({ did, operations }) => did === "Reset" && operations > 0).length
  const unfinished = events.filter((event) => event._tag === "Observed" && event.observation._tag === "Pending").length
  const keys = new Set(ledger.operations.map(({ key }) => key)).size
  const created = ledger.operations.length
  const survived = [
    `${count(resets, "connection reset")} after the service had accepted the work`,
    `${count(of("submit", 503), "answer")} of 503`,
    `${of("submit", 429)} of 429`,
    `${count(unfinished, "long poll")} that came back unfinished`,
    `${killed === "SIGKILL" ? 1 : 0} kill -9`,
    count(of("download", 403), "expired link"),
  ]
  const said = [
    `Survived in ${seconds.toFixed(1)} s: ${survived.join(", ")}.`,
    `The request was sent ${count(of("submit"), "time")} under ${count(keys, "key")};`,
    `operations created: ${created}, by the emulator's own ledger.`,
    `The song, ${tally.seconds ?? "?"} s of FLAC in ${saved.bytes} bytes, is in ${saved.file}`,
  ]
  yield* Screen.out(`\n${wrapped(said.join(" "))}`)
  if (created !== 1) return yield* broken(`${created} operations were created where one was asked for`)
})

const remove = (path: string) => Effect.promise(() => rm(path, { recursive: true, force: true }))
const fresh = (name: string) => Effect.promise(() => mkdtemp(join(tmpdir(), name)))

export const demo = Command.make(
  "demo",
  { out: Flags.out },
  Effect.fn(function* (given) {
    const directory = yield* Effect.acquireRelease(fresh("tenuto-demo-"), remove)
    const isOurs = Option.isNone(given.out)
    const out = isOurs ? yield* fresh("tenuto-song-") : given.out.value
    yield* play(directory, out).pipe(
      Effect.scoped,
      Effect.timeoutOrElse({ duration: "1 minute", orElse: () => broken("it took longer than a minute") }),
      Effect.onInterrupt(() => Screen.tell("tenuto: the demo was interrupted; nothing is left running")),
      isOurs ? Effect.onError(() => remove(out)) : (effect) => effect,
    )
  }, Effect.scoped),
).pipe(
  Command.withDescription("Make one song through resets, refusals, a kill -9 and an expired link; takes 20 seconds"),
  Command.withExamples([
    { command: "tenuto demo", description: "Everything happens on this machine" },
    { command: "tenuto demo --out .", description: "Keep the song here" },
  ]),
)
