/**
 * Fetches an artifact as a stream: renews an expired link, goes on where it broke off, and never shows the service's key
 * to the host that stores the file.
 *
 * A link may be a redirect (followed without the key, ten times at most, and never from https to http), a `data:` link, or
 * hold spaces and letters beyond ASCII. A file that the service itself serves behind the credential is marked by
 * `requiresCredential` of its artifact; the credential goes to the configured origin only, also where that redirects.
 *
 * It never joins pieces of two versions of a file: the rest is asked for (`Range`) only where the host names the version by a
 * strong validator (RFC 9110, 15.3.7.3). Elsewhere the file is read from its start again, and what was passed on is held
 * against the bytes that come again. An answer that contradicts the artifact's media type, by its own type or by text where
 * a signature is due, is no file. It has one socket open at a time.
 *
 * In a browser `fetch` hides where a redirect leads, so such a link fails there; hand it to the page instead.
 *
 * Law 6: never sooner than asked. Law 7: the deadline bounds downloads too.
 * Law 10: a credential goes to the configured origin only.
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Pull from "effect/Pull"
import * as Random from "effect/Random"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Artifact from "@tenuto/core/Artifact"
import * as Client from "@tenuto/core/Client"
import { Lost, Unseen } from "@tenuto/core/Failure"
import type * as Operation from "@tenuto/core/Operation"
import * as Pace from "@tenuto/core/Pace"
import { type Issue, type Reason, retryAfter } from "@tenuto/core/Reason"
import * as Remedy from "@tenuto/core/Remedy"
import * as Remote from "@tenuto/core/Remote"
import * as MediaType from "./internal/MediaType.ts"
import * as Misuse from "./internal/Misuse.ts"
import * as Opening from "./internal/Opening.ts"
import * as Piece from "./internal/Piece.ts"
import * as Version from "./internal/Version.ts"
import type { Transport, Unanswered, Unsent } from "./Transport.ts"

/** `within` bounds the whole download; ten minutes when absent. A span has a unit: `"90 seconds"`; a bare number is refused. */
export interface Options {
  readonly within?: Duration.Input
}

/** A link is renewed this long before it dies, for clocks differ. */
const skew = Duration.seconds(5)
/** Silence on a socket for this long counts as a break. */
const silence = Duration.seconds(30)
/** This many breaks in a row, with nothing received between them, end the download. */
const patience = 5

type Needs<O extends Operation.Any> = Remote.Remote<O["service"]> | Transport

/**
 * Stream the bytes of an artifact.
 *
 * A link that is missing, about to die or refused is renewed by one more look. A body that breaks off is gone on with,
 * so every byte comes once.
 *
 * Errors: `Unseen` (it could not be fetched for now, or an argument is wrong: `Invalid` names it), `Lost` (the work or the
 * file is gone).
 *
 * @example
 * ```ts
 * import * as Stream from "effect/Stream"
 * import * as Download from "@tenuto/http/Download"
 * import * as Soundpiece from "@tenuto/soundpiece"
 *
 * export const bytes = (song: Soundpiece.Tracks) =>
 *   Stream.runCollect(Download.stream(Soundpiece.newSong, song.outputs[0].audio))
 * ```
 */
export const stream = <O extends Operation.Any>(
  operation: O,
  artifact: Artifact.Artifact,
  options?: Options,
): Stream.Stream<Uint8Array, Unseen | Lost, Needs<O>> => {
  const given = options?.within === undefined ? "10 minutes" : options.within
  const within = Duration.fromInput(given)
  const issue = Misuse.ofDownload(operation, artifact, { given, isSpan: Option.isSome(within) })
  if (issue !== undefined || Option.isNone(within)) return Stream.fromEffect(misused(operation, issue))
  const overdue = Effect.flatMap(Effect.sleep(within.value), () => unseen(artifact, { _tag: "Timeout" }))
  return Stream.fromPull(reader(operation, artifact, within.value)).pipe(Stream.scoped, Stream.interruptWhen(overdue))
}

/** An answer that is being read. */
interface Flow {
  readonly pull: Pull.Pull<NonEmptyReadonlyArray<Uint8Array>, Unanswered>
  readonly close: Effect.Effect<void>
  piece: Piece.Piece
}

/** Reads the next bytes, over as many connections and links as it takes. */
const reader = Effect.fnUntraced(function* <O extends Operation.Any>(
  operation: O,
  first: Artifact.Artifact,
  within: Duration.Duration,
) {
  const scope = yield* Effect.scope
  const { credential } = yield* Remote.of<O["service"]>(operation.service)
  const began = yield* DateTime.now
  let artifact = first
  let flow: Flow | undefined
  let progress = Piece.nothing
  let breaks = 0
  /** The link at hand has just been renewed and not yet proved good. */
  let isRenewed = false
  /** What a renewal leaves out is promised all the same. */
  const promised = () => first.mediaType ?? artifact.mediaType

  /** Pause before another attempt: twice as long as the last time, and no less than asked for. */
  const pause = Effect.fnUntraced(function* (reason: Reason, floor = Duration.zero) {
    breaks++
    const now = yield* DateTime.now
    const left = Duration.subtract(within, DateTime.distance(began, now))
    const wanted = Duration.max(retryAfter(reason) ?? floor, floor)
    const length = Duration.max(wanted, Duration.millis(250 * 2 ** breaks))
    // Law 6: a pause that the deadline does not allow ends the wait at once.
    if (breaks >= patience || Duration.isGreaterThanOrEqualTo(length, left)) return yield* unseen(artifact, reason)
    const drawn = Pace.spreadOver(length, yield* Random.next)
    yield* Effect.sleep(Duration.isLessThan(drawn, left) ? drawn : length)
    // What died in the pause is renewed; what was never alive by our clock is tried all the same.
    const hasDied = Artifact.isFresh(artifact, now, skew) && !Artifact.isFresh(artifact, yield* DateTime.now, skew)
    if (hasDied) isRenewed = false
  })

  /** Get a fresh link. A failed look is not the end of a download: it counts as a break. */
  const renew = Effect.fnUntraced(function* () {
    const seen = yield* Effect.result(Client.renew(operation, artifact))
    if (seen._tag === "Success") {
      artifact = seen.success
      isRenewed = true
      return
    }
    const { failure } = seen
    if (!Remedy.isAutomatic(Remedy.of(failure, operation.contract))) return yield* failure
    yield* pause(failure.reason, operation.contract.cadence.floor)
  })

  /** A link that is refused is renewed; one that was just made is refused for good. */
  const refused = (truth: "Lost" | "Unseen", reason: Reason, status?: number) =>
    isRenewed ? (truth === "Lost" ? lost : unseen)(artifact, reason, status) : renew()

  /** Ask once; the link at hand is there. The request carries the key only where the file stands behind it. */
  const ask = Effect.fnUntraced(function* (link: NonNullable<Artifact.Artifact["link"]>) {
    const headers = Version.rangeFrom(progress.received, progress.version)
    const key = artifact.requiresCredential === true ? credential : undefined
    const opened = yield* Opening.open({ link, headers, credential: key, timeout: silence }).pipe(
      Scope.provide(scope),
      Effect.result,
    )
    if (opened._tag === "Failure") {
      const { failure } = opened
      return failure.problem === "InvalidRequest"
        ? yield* refused("Unseen", Piece.malformed(failure.detail))
        : yield* pause(reasonOf(failure))
    }
    const { body, socket, status } = opened.success
    const asked = {
      isRange: headers["range"] !== undefined,
      mediaType: promised(),
      requiresCredential: key !== undefined,
    }
    const verdict = Piece.judge(opened.success, progress, asked, yield* DateTime.now)
    const close = Scope.close(socket, Exit.void)
    if (verdict._tag === "Flowing") {
      flow = { pull: yield* Scope.provide(Stream.toPull(body), socket), close, piece: verdict.piece }
      return
    }
    yield* close
    switch (verdict._tag) {
      case "Doubtful":
        progress = { ...progress, version: {} }
        return
      case "Whole":
        return yield* Cause.done()
      case "Broken":
        return yield* pause(verdict.reason)
      case "Refused":
        return yield* refused(verdict.truth, verdict.reason, status)
      case "Wrong":
        return yield* unseen(artifact, verdict.reason, status)
    }
  })

  /** Find an answer to read from. */
  const connect = Effect.fnUntraced(function* () {
    for (;;) {
      if (flow !== undefined) return flow
      // A link that has just been made is tried whatever our clock says of it: the clock may be wrong.
      const isUsable = isRenewed || Artifact.isFresh(artifact, yield* DateTime.now, skew)
      if (!isUsable) yield* renew()
      // A service that hands out no link would otherwise be asked for ever.
      else if (artifact.link === undefined) return yield* unseen(artifact, { _tag: "Gone" })
      else yield* ask(artifact.link)
    }
  })

  const hangUp = Effect.suspend(() => {
    const close = flow?.close ?? Effect.void
    flow = undefined
    return close
  })

  /** Take what came; what of it is new. */
  const receive = Effect.fnUntraced(function* (open: Flow, chunks: ReadonlyArray<Uint8Array>) {
    const fresh: Array<Uint8Array> = []
    for (const chunk of chunks) {
      const problem = progress.received === 0 ? MediaType.mismatch(chunk, promised(), open.piece.isNamed) : undefined
      if (problem !== undefined) {
        yield* hangUp
        yield* refused("Unseen", Piece.malformed(problem))
        return []
      }
      const taken = Piece.take(chunk, open.piece, progress)
      if (taken === undefined) {
        yield* hangUp
        return yield* unseen(artifact, Piece.changed)
      }
      open.piece = taken.piece
      progress = taken.progress
      if (taken.fresh.byteLength > 0) fresh.push(taken.fresh)
    }
    return fresh
  })

  /** What the end of an answer means; it goes on unless the file ends here. */
  const ended = Effect.fnUntraced(function* (piece: Piece.Piece, broken: Unanswered | undefined) {
    const { received } = progress
    const { total } = piece.version
    const isEmpty = received === 0 && promised() !== undefined && broken === undefined
    if (isEmpty) return yield* unseen(artifact, Piece.malformed("the file is empty"))
    // All that was promised is here, however the answer ended.
    if (piece.skip === 0 && received === total) return yield* Cause.done()
    if (broken !== undefined) return yield* pause(reasonOf(broken))
    const isShort = piece.skip > 0 && (total === undefined || total <= received - piece.skip)
    if (isShort) return yield* unseen(artifact, Piece.changed)
    if (total === undefined && !piece.isOpen) return yield* Cause.done()
    if (total !== undefined || received === piece.from) yield* pause(unfinished)
  })

  const read: Pull.Pull<NonEmptyReadonlyArray<Uint8Array>, Unseen | Lost, void, Needs<O>> = Effect.gen(function* () {
    for (;;) {
      const open = yield* connect()
      const chunks = yield* open.pull.pipe(
        Pull.catchDone(() => Effect.undefined),
        Effect.result,
      )
      if (chunks._tag === "Success" && chunks.success !== undefined) {
        const [head, ...tail] = yield* receive(open, chunks.success)
        if (head === undefined) continue
        breaks = 0
        isRenewed = false
        return [head, ...tail] as const
      }
      yield* hangUp
      yield* ended(open.piece, chunks._tag === "Failure" ? chunks.failure : undefined)
    }
  })
  return read
})

/** Without types anything may stand in the place of an argument. */
const misused = (operation: Operation.Any | undefined, issue: Issue | undefined) =>
  Effect.flatMap(DateTime.now, (at) =>
    Effect.fail(
      new Unseen({
        service: Misuse.textOf(operation?.service),
        operation: Misuse.textOf(operation?.name),
        reason: { _tag: "Invalid", issues: issue === undefined ? [] : [issue] },
        evidence: { stage: "download" },
        at,
      }),
    ),
  )

const unfinished: Reason = { _tag: "Unreachable", problem: "the file ended before it was complete" }

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
