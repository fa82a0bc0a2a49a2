/**
 * Fetches an artifact as a stream: renews an expired link, goes on where it broke off, and never shows the service's key
 * to the host that stores the file.
 *
 * Law 7: the deadline bounds downloads too. Law 10: a credential goes to the configured origin only.
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import * as Scope from "effect/Scope"
import * as Artifact from "@tenuto/core/Artifact"
import * as Client from "@tenuto/core/Client"
import { Lost, Unseen } from "@tenuto/core/Failure"
import { isPending } from "@tenuto/core/Observation"
import type * as Operation from "@tenuto/core/Operation"
import type { Reason } from "@tenuto/core/Reason"
import * as Remedy from "@tenuto/core/Remedy"
import type { Remote } from "@tenuto/core/Remote"
import * as Delay from "./Delay.ts"
import type * as Exchange from "./Exchange.ts"
import { type Opened, Transport, type Unanswered, type Unsent } from "./Transport.ts"

/** `within` bounds the whole download; ten minutes when absent. */
export interface Options {
  readonly within?: Duration.Input
}

/** A link is renewed this long before it dies, for clocks differ. */
const skew = Duration.seconds(5)
/** Silence on a socket for this long counts as a break. */
const silence = Duration.seconds(30)
/** Breaks in a row, with nothing received between them, before giving up. */
const patience = 5

type Needs<O extends Operation.Any> = Remote<O["service"]> | Transport

/**
 * Stream the bytes of an artifact.
 *
 * A link that is missing, about to die or refused is renewed by one more look. A body that breaks off is gone on with
 * (`Range`), so every byte comes once.
 *
 * Errors: `Unseen` (it could not be fetched for now), `Lost` (the work or the file is gone).
 *
 * @example
 * ```ts
 * import * as Stream from "effect/Stream"
 * import * as Download from "@tenuto/http/Download"
 * import * as Soundpiece from "@tenuto/soundpiece"
 *
 * export const bytes = (song: Soundpiece.Song) =>
 *   Stream.runCollect(Download.stream(Soundpiece.newSong, song.outputs[0].audio))
 * ```
 */
export const stream = <O extends Operation.Any>(
  operation: O,
  artifact: Artifact.Artifact,
  options?: Options,
): Stream.Stream<Uint8Array, Unseen | Lost, Needs<O>> => {
  const within = Duration.fromInputUnsafe(options?.within ?? "10 minutes")
  const overdue = Effect.flatMap(Effect.sleep(within), () => unseen(artifact, { _tag: "Timeout" }))
  return from(operation, artifact, { received: 0, breaks: 0, isRenewed: false }).pipe(Stream.interruptWhen(overdue))
}

/** How far it got. `isRenewed` says that the link at hand has just been renewed and not yet proved good. */
interface Progress {
  readonly received: number
  readonly breaks: number
  readonly isRenewed: boolean
  readonly etag?: string
}

const from = <O extends Operation.Any>(
  operation: O,
  artifact: Artifact.Artifact,
  progress: Progress,
): Stream.Stream<Uint8Array, Unseen | Lost, Needs<O>> =>
  Stream.unwrap(
    Effect.gen(function* () {
      if (!Artifact.isFresh(artifact, yield* DateTime.now, skew)) {
        // A service that hands out dead links would otherwise be asked for ever.
        if (progress.isRenewed) return yield* unseen(artifact, { _tag: "Gone" })
        return yield* afresh(operation, artifact, progress)
      }
      const socket = yield* Scope.fork(yield* Effect.scope)
      const opened = yield* Effect.result(Scope.provide(open(artifact, progress), socket))
      if (opened._tag === "Failure") return yield* goOn(operation, artifact, progress, reasonOf(opened.failure))
      const { body, headers, status } = opened.success
      if (status === 200 || status === 206) {
        if (isOther(progress, headers)) {
          const problem = "the file changed while it was being fetched; fetch it from its beginning"
          return yield* unseen(artifact, { _tag: "Malformed", problem }, status)
        }
        const skip = status === 200 ? progress.received : 0
        return rest(operation, artifact, withEtag(progress, headers), dropBytes(body, skip))
      }
      yield* Scope.close(socket, Exit.void)
      if (status === 429 || status >= 500) {
        const retryAfter = Delay.retryAfter(headers, yield* DateTime.now)
        const hint = retryAfter === undefined ? {} : { retryAfter }
        return yield* goOn(operation, artifact, progress, {
          _tag: status === 429 ? "RateLimited" : "Unavailable",
          ...hint,
        })
      }
      if (!progress.isRenewed) return yield* afresh(operation, artifact, progress)
      if (status === 404 || status === 410) return yield* lost(artifact, { _tag: "Gone" }, status)
      return yield* unseen(artifact, { _tag: "Unrecognised", code: String(status) }, status)
    }),
  )

/** Pass the body on, count it, and go on from the count where it breaks off. */
const rest = <O extends Operation.Any>(
  operation: O,
  artifact: Artifact.Artifact,
  progress: Progress,
  body: Stream.Stream<Uint8Array, Unanswered>,
): Stream.Stream<Uint8Array, Unseen | Lost, Needs<O>> =>
  Stream.suspend(() => {
    let received = progress.received
    return body.pipe(
      Stream.tap((chunk) => Effect.sync(() => void (received += chunk.byteLength))),
      Stream.catch((failure) => {
        const breaks = received > progress.received ? 0 : progress.breaks
        return Stream.unwrap(
          goOn(operation, artifact, { ...progress, isRenewed: false, received, breaks }, reasonOf(failure)),
        )
      }),
    )
  })

/** Try again after a pause that doubles, or after what the host asks for when that is longer. */
const goOn = <O extends Operation.Any>(
  operation: O,
  artifact: Artifact.Artifact,
  progress: Progress,
  reason: Reason,
): Effect.Effect<Stream.Stream<Uint8Array, Unseen | Lost, Needs<O>>, Unseen> => {
  if (progress.breaks >= patience) return unseen(artifact, reason)
  const asked = reason._tag === "RateLimited" || reason._tag === "Unavailable" ? reason.retryAfter : undefined
  const pause = Duration.max(asked ?? Duration.zero, Duration.millis(500 * 2 ** progress.breaks))
  const again = from(operation, artifact, { ...progress, breaks: progress.breaks + 1 })
  return Effect.as(Effect.sleep(pause), again)
}

/** The request carries the link and nothing else: no key of the service is in reach here. */
const open = (
  artifact: Artifact.Artifact,
  progress: Progress,
): Effect.Effect<Opened, Unsent | Unanswered, Transport | Scope.Scope> => {
  const range = progress.received === 0 ? {} : { range: `bytes=${progress.received}-` }
  const ifRange = progress.received === 0 || progress.etag === undefined ? {} : { "if-range": progress.etag }
  const headers = { "accept-encoding": "identity", ...range, ...ifRange }
  return Effect.flatMap(Transport, (transport) =>
    transport.open({ method: "GET", url: artifact.link ?? "", headers }, { timeout: silence }),
  )
}

/** Go on with a fresh link. A failed look is not the end of a download: it counts as a break. */
const afresh = <O extends Operation.Any>(operation: O, artifact: Artifact.Artifact, progress: Progress) =>
  renew(operation, artifact).pipe(
    Effect.map((fresh) => from(operation, fresh, { ...progress, isRenewed: true })),
    Effect.catchTag("Unseen", (failure) =>
      Remedy.isAutomatic(Remedy.of(failure, operation.contract))
        ? goOn(operation, artifact, progress, failure.reason)
        : Effect.fail(failure),
    ),
  )

const renew = <O extends Operation.Any>(
  operation: O,
  artifact: Artifact.Artifact,
): Effect.Effect<Artifact.Artifact, Unseen | Lost, Remote<O["service"]>> =>
  Effect.flatMap(Client.look(operation, artifact.handle), (observation): Effect.Effect<Artifact.Artifact, Unseen | Lost> => {
    if (isPending(observation)) return unseen(artifact, { _tag: "Unrecognised", code: observation.word })
    const found = observation._tag === "Succeeded" ? Artifact.find(observation.output, artifact.name) : undefined
    return found === undefined ? lost(artifact, { _tag: "Gone" }) : Effect.succeed(found)
  })

const dropBytes = (body: Stream.Stream<Uint8Array, Unanswered>, count: number) =>
  Stream.suspend(() => {
    let left = count
    return Stream.map(body, (chunk) => {
      const dropped = Math.min(left, chunk.byteLength)
      left -= dropped
      return chunk.subarray(dropped)
    })
  }).pipe(Stream.filter((chunk) => chunk.byteLength > 0))

/** Pieces of two versions make no file. A host that names no version is believed. */
const isOther = ({ etag, received }: Progress, headers: Exchange.Headers): boolean => {
  if (received === 0) return false
  const [, start] = /^bytes (\d+)-/.exec(headers["content-range"] ?? "") ?? []
  return (etag !== undefined && etag !== headers["etag"]) || (start !== undefined && Number(start) !== received)
}

const withEtag = (progress: Progress, headers: Exchange.Headers): Progress =>
  headers["etag"] === undefined ? progress : { ...progress, etag: headers["etag"] }

const reasonOf = (failure: Unsent | Unanswered): Reason =>
  failure.problem === "Timeout" ? { _tag: "Timeout" } : { _tag: "Unreachable", problem: failure.detail }

const about = ({ handle }: Artifact.Artifact, reason: Reason, status: number | undefined) =>
  Effect.map(DateTime.now, (at) => ({
    service: handle.service,
    operation: handle.operation,
    handle,
    reason,
    evidence: { stage: "download" as const, ...(status === undefined ? {} : { status }) },
    at,
  }))

const unseen = (artifact: Artifact.Artifact, reason: Reason, status?: number) =>
  Effect.flatMap(about(artifact, reason, status), (fields) => Effect.fail(new Unseen(fields)))

const lost = (artifact: Artifact.Artifact, reason: Reason, status?: number) =>
  Effect.flatMap(about(artifact, reason, status), (fields) => Effect.fail(new Lost(fields)))
