/**
 * Delivers a service's webhooks as the service would: when they are due, signed, again after a failure, until it gives up.
 *
 * It never signs (a rule does) and never decides what happened to the work. Every attempt at one letter carries the same
 * bytes. It sends nothing until `deliveries` runs, and ends with it: no retry outlives the scope of its owner.
 *
 * ```text
 * due ──▶ attempt ──▶ 2xx in time: delivered
 *            ▲  └──▶ anything else, a redirect too ──▶ pause ──▶ …      no pause left, or 4xx where that is final: given up
 *            └──────────────────────────────────────────┘
 * ```
 *
 * Under `VirtualClock` its transport must be one of `VirtualClock.transport`, or a letter on the wire does not stop time.
 *
 * Law 12: same seed, same story, in memory and over sockets.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Courier from "@tenuto/testkit/Courier"
 * import * as Emulator from "@tenuto/testkit/Emulator"
 * import * as VirtualClock from "@tenuto/testkit/VirtualClock"
 *
 * const busy: Emulator.Handler = () => Effect.succeed(Emulator.answer(503))
 * const story = Effect.gen(function* () {
 *   const courier = yield* Courier.make({
 *     sign: ({ id, at }) => Effect.succeed({ "webhook-id": id, "webhook-timestamp": String(at.epochMilliseconds / 1000) }),
 *     within: "10 seconds",
 *     pauses: ["5 seconds", "5 minutes"],
 *   })
 *   yield* Effect.forkScoped(courier.deliveries)
 *   yield* courier.post({ id: "msg_1", url: "https://me.test/hook", after: "1 minute", body: Effect.succeed({ done: 1 }) })
 *   yield* Effect.sleep("1 hour")
 *   return (yield* courier.ledger).map(({ attempts, outcome }) => `${outcome} after ${attempts.length} attempts`)
 * }).pipe(Effect.provide(VirtualClock.transport(Emulator.layerMemory(busy))))
 * console.log(await Effect.runPromise(Effect.flatten(VirtualClock.run(story)))) // [ "given up after 3 attempts" ]
 * ```
 */
import type { Headers } from "@tenuto/http/Exchange"
import * as Json from "@tenuto/http/Json"
import { Transport, type Unanswered, type Unsent } from "@tenuto/http/Transport"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Schema from "effect/Schema"
import type { Turn } from "./Fault.ts"
import { isObject, type Members } from "./internal/content.ts"
import { type Drawn, Turns } from "./internal/mischief.ts"
import { asLetter, Breakage, played } from "./internal/witness.ts"

/** One attempt at a letter, as who signs it sees it. */
export interface Message {
  readonly id: string
  readonly url: string
  /** What is sent, byte for byte. */
  readonly body: Uint8Array
  /** When this attempt is made. */
  readonly at: DateTime.Utc
  /** When the first one was. */
  readonly first: DateTime.Utc
}

/** One letter. */
export interface Letter {
  /** The same for every attempt. */
  readonly id: string
  readonly url: string
  /** How long after it was posted it is due. */
  readonly after: Duration.Input
  /** What it says, made when it goes for the first time, so that its links are fresh. */
  readonly body: Effect.Effect<Schema.Json>
  /** What it carries beside the signature, such as the name of the event. */
  readonly headers?: Headers
  /** Default: as the rules say. */
  readonly sign?: Rules["sign"]
}

/** How a service delivers. */
export interface Rules {
  /** Everything that makes an attempt believable: the signature, and what it is made over. */
  readonly sign: (message: Message) => Effect.Effect<Headers>
  /** An acknowledgement that takes longer is none. */
  readonly within: Duration.Input
  /** How long it rests after the first failed attempt, after the second, and so on; after the last it gives up. */
  readonly pauses: ReadonlyArray<Duration.Input>
  /** A 4xx ends it at once. Default: no, it is tried again. */
  readonly isRefusalFinal?: boolean
  /** Default: none. */
  readonly userAgent?: string
  /** What a forged letter claims. Default: what the true one says, and that it is forged. */
  readonly forge?: (body: Schema.Json) => Schema.Json
}

/** One attempt: the status it was answered with, or why there is none. */
export interface Attempt {
  readonly at: DateTime.Utc
  readonly status?: number
  readonly problem?: (Unsent | Unanswered)["problem"]
}

/** What became of a letter. `lost` is a fault; a courier that ended leaves its letters `pending`. */
export interface Entry {
  readonly id: string
  readonly url: string
  readonly attempts: ReadonlyArray<Attempt>
  readonly outcome: "pending" | "delivered" | "given up" | "lost"
  /** The fault it went with. */
  readonly fault: string | undefined
}

/** Who delivers. */
export interface Courier {
  /** Take a letter, to be sent when it is due. One that draws `early` is waited for until it was tried. */
  readonly post: (letter: Letter) => Effect.Effect<void>
  /** Deliver for as long as this runs: `Effect.forkScoped` it, once. */
  readonly deliveries: Effect.Effect<never, never, Transport>
  /** Every letter so far, in the order of posting. */
  readonly ledger: Effect.Effect<ReadonlyArray<Entry>>
  /** Say what becomes of the next letters to go; for `webhook` of `Fault.Hooks`. */
  readonly plan: (turns: ReadonlyArray<Turn>) => Effect.Effect<void>
  /** Forget what was said of letters that have not gone. */
  readonly forget: Effect.Effect<void>
}

interface Job {
  readonly letter: Letter
  readonly due: DateTime.Utc
  readonly attempts: Array<Attempt>
  outcome: Entry["outcome"]
  fault: string | undefined
  /** What it drew before it was due. */
  readonly drawn: Drawn | undefined
  /** Done once it was tried, or never will be. */
  readonly gone: Deferred.Deferred<void>
  /** Its place among the letters that came due; none before that. */
  place: number | undefined
}

/** An acknowledgement has nothing to say; one that says more is none. */
const maxBytes = 1024n * 1024n
/** What a service delivers it delivers again until it is taken. */
const idempotent = true

const marked = (members: Members): Schema.Json => ({ ...members, forged: true })
const tampered = (body: Schema.Json): Schema.Json => marked(isObject(body) ? body : { body })

/** Hire a courier of one's own: two of them share nothing. */
export const make = (rules: Rules): Effect.Effect<Courier> =>
  Effect.gen(function* () {
    const { forge = tampered, isRefusalFinal = false, userAgent } = rules
    const timeout = Duration.fromInputUnsafe(rules.within)
    const pauses = rules.pauses.map((pause) => Duration.fromInputUnsafe(pause))
    const posted = yield* Queue.unbounded<Job>()
    const jobs: Array<Job> = []
    const turns = new Turns()
    let places = 0
    let carriers = 0
    /** Letters that wait until one of a later place has gone. */
    const held = new Map<Job, Deferred.Deferred<void>>()

    const waitForNext = Effect.fnUntraced(function* (job: Job) {
      const passed = yield* Deferred.make<void>()
      held.set(job, passed)
      const isNextKnown = jobs.some(({ place }) => place === undefined)
      const next = Deferred.await(passed)
      yield* isNextKnown ? next : Effect.timeoutOption(next, pauses[0] ?? timeout)
      held.delete(job)
    })
    /** It went, or never will: what waits for that goes on. */
    const letGo = (gone: Job) =>
      Effect.suspend(() =>
        Effect.forEach(held, ([job, passed]) =>
          (job.place ?? 0) < (gone.place ?? 0) ? Deferred.succeed(passed, undefined) : Effect.void,
        ).pipe(Effect.andThen(Deferred.succeed(gone.gone, undefined))),
      )

    const attempt = Effect.fnUntraced(function* ({ attempts, letter }: Job, words: Words, drawn: Drawn) {
      const at = yield* DateTime.now
      const { id, url } = letter
      const message = { id, url, body: words.signed, at, first: attempts[0]?.at ?? at }
      const signature = drawn.is("unsigned") ? {} : yield* (letter.sign ?? rules.sign)(message)
      const agent = userAgent === undefined ? {} : { "user-agent": userAgent }
      const headers = { "content-type": "application/json", ...agent, ...letter.headers, ...signature }
      const transport = yield* Transport
      const sent = asLetter(
        transport.send({ method: "POST", url, headers, body: words.sent }, { timeout, maxBytes, idempotent }),
      )
      const made = yield* Effect.match(sent, {
        onSuccess: ({ status }): Attempt => ({ at, status }),
        onFailure: ({ problem }): Attempt => ({ at, problem }),
      })
      attempts.push(made)
      return made
    })

    const deliver = Effect.fnUntraced(function* (job: Job, drawn: Drawn) {
      const body = yield* job.letter.body
      const signed = Json.write(body)
      const words = { signed, sent: drawn.is("forged") ? Json.write(forge(body)) : signed }
      for (const pause of [...pauses, undefined]) {
        const { status = 0 } = yield* attempt(job, words, drawn)
        yield* letGo(job)
        if (status >= 200 && status < 300) {
          if (drawn.is("doubled")) yield* attempt(job, words, drawn)
          return "delivered" as const
        }
        if (pause === undefined || (isRefusalFinal && status >= 400 && status < 500)) break
        yield* Effect.sleep(pause)
      }
      return "given up" as const
    })

    const carry = Effect.fnUntraced(function* (job: Job) {
      yield* Effect.sleep(Duration.max(DateTime.distance(yield* DateTime.now, job.due), Duration.zero))
      const drawn = job.drawn ?? turns.draw()
      job.place = places++
      job.fault = drawn.name
      if (drawn.name !== undefined) yield* played("webhooks", drawn.name, { method: "POST", url: job.letter.url })
      if (drawn.is("lost")) return void (job.outcome = "lost")
      if (drawn.is("late")) yield* Effect.sleep(Duration.seconds(drawn.parameter ?? 60))
      if (drawn.is("reordered")) yield* waitForNext(job)
      job.outcome = yield* deliver(job, drawn)
    })
    // A body or a signature that cannot be made is a defect of the emulator, and must not end the other letters.
    const carried = (job: Job) =>
      Effect.catchDefect(carry(job), (defect) => {
        job.outcome = "given up"
        const said = Effect.logError(`the emulator itself broke over the letter ${job.letter.id}`, defect)
        return Effect.flatMap(Breakage, (tell) =>
          Effect.andThen(
            Effect.sync(() => tell(defect)),
            said,
          ),
        )
      }).pipe(Effect.ensuring(letGo(job)))

    return {
      post: Effect.fnUntraced(function* (letter) {
        const due = DateTime.addDuration(yield* DateTime.now, letter.after)
        const gone = yield* Deferred.make<void>()
        // Nobody is early where nobody carries.
        const drawn = carriers === 0 ? undefined : turns.drawEarly()
        const job: Job = {
          letter,
          due,
          attempts: [],
          outcome: "pending",
          fault: undefined,
          place: undefined,
          drawn,
          gone,
        }
        jobs.push(job)
        Queue.offerUnsafe(posted, job)
        if (drawn !== undefined) yield* Deferred.await(gone)
      }),
      deliveries: Effect.acquireUseRelease(
        Effect.sync(() => carriers++),
        () =>
          Effect.forever(
            Effect.flatMap(Queue.take(posted), (job) => Effect.forkChild(carried(job), { startImmediately: true })),
          ),
        () => Effect.sync(() => carriers--),
      ),
      ledger: Effect.sync(() =>
        jobs.map(({ attempts, fault, letter: { id, url }, outcome }) => ({
          id,
          url,
          attempts: [...attempts],
          outcome,
          fault,
        })),
      ),
      plan: (added) => Effect.sync(() => turns.add(added)),
      forget: Effect.sync(() => turns.clear()),
    }
  })

/** What a signature is made over, and what is sent. */
interface Words {
  readonly signed: Uint8Array
  readonly sent: Uint8Array
}
