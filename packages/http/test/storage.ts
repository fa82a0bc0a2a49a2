/** A host that stores one file and answers as it is told, and the service that hands out links to it. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Artifact from "@tenuto/core/Artifact"
import * as Remote from "@tenuto/core/Remote"
import * as Download from "@tenuto/http/Download"
import * as Exchange from "@tenuto/http/Exchange"
import { Transport, Unanswered, Unsent } from "@tenuto/http/Transport"
import { handle, sing } from "./service.ts"

export const file = Uint8Array.from({ length: 1000 }, (_, index) => (index * 7 + (index >> 8)) % 251)
const etag = `"v1"`

/** One answer: what comes, and how it ends. `Hung` never ends. */
export interface Answer {
  readonly status: number
  readonly headers?: Exchange.Headers
  readonly body?: Uint8Array
  readonly end?: "Whole" | "Reset" | "Hung"
}
export type Respond = (request: {
  readonly headers: Exchange.Headers
  readonly url: string
}) => Answer | Unsent | Unanswered

/** Answer as a store does: ranges, entity tags, and the connection broken off before byte `until`. */
export const store =
  (
    options: { readonly body?: Uint8Array; readonly etag?: string | undefined; readonly until?: number } = {},
  ): Respond =>
  ({ headers }) => {
    const body = options.body ?? file
    const tag = "etag" in options ? options.etag : etag
    const [, from] = /^bytes=(\d+)-$/.exec(headers["range"] ?? "") ?? []
    const isCurrent = headers["if-range"] === undefined || headers["if-range"] === tag
    const start = from === undefined || !isCurrent ? 0 : Number(from)
    const named = tag === undefined ? {} : { etag: tag }
    if (start > 0 && start >= body.length) {
      return { status: 416, headers: { ...named, "content-range": `bytes */${body.length}` } }
    }
    const isBroken = options.until !== undefined && options.until < body.length && options.until >= start
    return {
      status: start === 0 ? 200 : 206,
      headers: {
        ...named,
        "content-length": String(body.length - start),
        ...(start === 0 ? {} : { "content-range": `bytes ${start}-${body.length - 1}/${body.length}` }),
      },
      body: body.subarray(start, isBroken ? options.until : body.length),
      end: isBroken ? "Reset" : "Whole",
    }
  }

export interface Stage {
  /** One per request, in order; the last one for all that follow. */
  readonly answers: ReadonlyArray<Respond>
  /** What a look brings; a link that lives an hour by default. */
  readonly look?: (count: number) => Remote.Answer
  readonly artifact?: Partial<ConstructorParameters<typeof Artifact.Artifact>[0]> & { readonly linkless?: boolean }
  readonly within?: Duration.Input
  readonly take?: number
  /** What the service's remote says of its credential; it says nothing by default. */
  readonly credential?: Remote.Shape["credential"]
  /** How long every piece takes to come. */
  readonly pace?: Duration.Input
}

export const linkOf = (count: number) => `https://files.test/a.flac?sig=s3cr3t${count}`
export const succeeded = (audio: Artifact.Artifact): Remote.Answer => ({
  _tag: "Observed",
  observation: { _tag: "Succeeded", word: "ready", output: { audio } },
})
export const artifactOf = (fields: Stage["artifact"] = {}, count = 0): Artifact.Artifact => {
  const { linkless, ...given } = fields
  const link = linkless === true ? {} : { link: Artifact.link(linkOf(count)) }
  return new Artifact.Artifact({ name: "audio", handle, ...link, ...given })
}

/** What can be seen of one download. */
export interface Played {
  readonly exit: Exit.Exit<Uint8Array, unknown>
  readonly requests: ReadonlyArray<{ readonly at: number; readonly url: string; readonly headers: Exchange.Headers }>
  readonly looks: ReadonlyArray<number>
  readonly took: number
  /** Sockets open now, and the most that ever were. */
  readonly open: number
  readonly most: number
  /** Sockets that were open when a look was made. */
  readonly duringLooks: number
}

/** Start a download under the test clock; `read` tells what has happened so far. */
export const start = Effect.fnUntraced(function* (stage: Stage) {
  const clock = yield* TestClock.testClockWith(Effect.succeed)
  const now = () => clock.currentTimeMillisUnsafe()
  const began = now()
  const requests: Array<Played["requests"][number]> = []
  const looks: Array<number> = []
  let open = 0
  let most = 0
  let duringLooks = 0
  let took = 0
  const transport = Layer.succeed(Transport, {
    send: () => Effect.die("downloads are streamed"),
    open: ({ headers, method, url }, { timeout }) =>
      Effect.gen(function* () {
        yield* Effect.acquireRelease(
          Effect.sync(() => void (most = Math.max(most, ++open))),
          () => Effect.sync(() => void open--),
        )
        const plain = Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Exchange.reveal(text)]))
        const asked = { at: now() - began, url: Exchange.reveal(url), headers: plain }
        requests.push(asked)
        const respond = stage.answers[Math.min(requests.length, stage.answers.length) - 1]
        const given = method === "GET" && respond !== undefined ? respond(asked) : { status: 405 }
        if (!("status" in given)) return yield* given
        const whole = given.body ?? new Uint8Array()
        const pieces = Array.from({ length: Math.ceil(whole.length / 100) }, (_, index) =>
          whole.subarray(index * 100, index * 100 + 100),
        )
        const ends = {
          Whole: Stream.empty,
          Reset: Stream.fail(new Unanswered({ problem: "Truncated", detail: "the answer ended too early" })),
          Hung: Stream.fromEffect(
            Effect.andThen(
              Effect.sleep(timeout),
              Effect.fail(new Unanswered({ problem: "Timeout", detail: "the host fell silent" })),
            ),
          ),
        }
        const pace = stage.pace
        const body = Stream.fromIterable(pieces).pipe(
          Stream.rechunk(1),
          pace === undefined ? (self) => self : Stream.tap(() => Effect.sleep(pace)),
          Stream.concat(ends[given.end ?? "Whole"]),
        )
        return { status: given.status, headers: given.headers ?? {}, body }
      }),
  })
  const remote = Layer.succeed(Remote.of("service"), {
    origin: handle.origin,
    ...(stage.credential === undefined ? {} : { credential: stage.credential }),
    perform: () =>
      Effect.sync(() => {
        duringLooks += open
        looks.push(now() - began)
        const look = stage.look ?? ((count: number) => succeeded(artifactOf({}, count)))
        return look(looks.length)
      }),
  })
  const options = stage.within === undefined ? {} : { within: Duration.fromInputUnsafe(stage.within) }
  const all = Download.stream(sing, artifactOf(stage.artifact), options)
  const bytes = (stage.take === undefined ? all : Stream.take(all, stage.take)).pipe(
    Stream.runCollect,
    Effect.map((parts) => Uint8Array.from(Buffer.concat(parts))),
    Effect.provide(Layer.mergeAll(transport, remote)),
    Effect.exit,
    Effect.tap(() => Effect.sync(() => void (took = now() - began))),
  )
  const fiber = yield* Effect.forkChild(bytes)
  const read = (exit: Played["exit"]): Played => ({ exit, requests, looks, took, open, most, duringLooks })
  return { fiber, read }
})

/** Play a download to its end. */
export const play = Effect.fnUntraced(function* (stage: Stage) {
  const { fiber, read } = yield* start(stage)
  for (let steps = 0; steps < 4000 && fiber.pollUnsafe() === undefined; steps++) yield* TestClock.adjust("1 second")
  const done = fiber.pollUnsafe()
  return read(done !== undefined && Exit.isSuccess(done) ? done.value : Exit.die("it did not end"))
})

export const soon = (span: Duration.Input) => DateTime.makeUnsafe(Duration.toMillis(Duration.fromInputUnsafe(span)))
