/**
 * Fetches an artifact as a stream: renews an expired link, goes on where it broke off, and never shows the service's key
 * to the host that stores the file.
 *
 * It never joins pieces of two versions of a file, and has one socket open at a time.
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
import * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Artifact from "@tenuto/core/Artifact"
import * as Client from "@tenuto/core/Client"
import { Lost, Unseen } from "@tenuto/core/Failure"
import type * as Operation from "@tenuto/core/Operation"
import { type Reason, retryAfter } from "@tenuto/core/Reason"
import * as Remedy from "@tenuto/core/Remedy"
import type { Remote } from "@tenuto/core/Remote"
import * as Delay from "./Delay.ts"
import type * as Exchange from "./Exchange.ts"
import * as Version from "./internal/Version.ts"
import { Transport, type Unanswered, type Unsent } from "./Transport.ts"

/** `within` bounds the whole download; ten minutes when absent. */
export interface Options {
  readonly within?: Duration.Input
}

/** A link is renewed this long before it dies, for clocks differ. */
const skew = Duration.seconds(5)
/** Silence on a socket for this long counts as a break. */
const silence = Duration.seconds(30)
/** This many breaks in a row, with nothing received between them, end the download. */
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
 * export const bytes = (song: Soundpiece.Tracks) =>
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
  return Stream.fromPull(Effect.map(reader(operation, artifact, within), ({ read }) => read)).pipe(
    Stream.scoped,
    Stream.interruptWhen(overdue),
  )
}

/** What asking the host once came to. */
type Asked =
  | { readonly _tag: "Flowing"; readonly flow: Flow }
  | { readonly _tag: "Whole" }
  | { readonly _tag: "Broken"; readonly reason: Reason }
  | { readonly _tag: "Refused"; readonly failure: Effect.Effect<never, Unseen | Lost> }

/** An answer that is being read. `skip` bytes of it have been passed on before. */
interface Flow {
  readonly pull: Pull.Pull<NonEmptyReadonlyArray<Uint8Array>, Unanswered>
  readonly close: Effect.Effect<void>
  /** Where it ends, the file need not. */
  readonly isOpen: boolean
  /** How much had been passed on when it began. */
  readonly from: number
  skip: number
  /** Of what is skipped. */
  sum: number
}

/** Tell bytes apart that no host tells apart. */
const summed = (sum: number, bytes: Uint8Array): number =>
  bytes.reduce((so, byte) => Math.imul(so ^ byte, 16_777_619), sum)
const unsummed = 2_166_136_261

/** Reads the next bytes, over as many connections and links as it takes. */
const reader = Effect.fnUntraced(function* <O extends Operation.Any>(
  operation: O,
  first: Artifact.Artifact,
  within: Duration.Duration,
) {
  const transport = yield* Transport
  const scope = yield* Effect.scope
  const began = yield* DateTime.now
  let artifact = first
  let flow: Flow | undefined
  let version: Version.Version = {}
  let received = 0
  let breaks = 0
  /** Of what was passed on, where the host names no version. */
  let sum = unsummed
  /** The link at hand has just been renewed and not yet proved good. */
  let isRenewed = false

  /** Pause before another attempt: twice as long as the last time, and no less than asked for. */
  const pause = Effect.fnUntraced(function* (reason: Reason, floor = Duration.zero) {
    breaks++
    const now = yield* DateTime.now
    const left = Duration.subtract(within, DateTime.distance(began, now))
    const wanted = Duration.max(retryAfter(reason) ?? floor, floor)
    const length = Duration.max(wanted, Duration.millis(250 * 2 ** breaks))
    // Law 6: a pause that the deadline does not allow ends the wait at once.
    if (breaks >= patience || Duration.isGreaterThanOrEqualTo(length, left)) return yield* unseen(artifact, reason)
    yield* Effect.sleep(length)
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

  /** Ask once. The request carries the link and nothing else: no key of the service is in reach here. */
  const ask = Effect.fnUntraced(function* (link: NonNullable<Artifact.Artifact["link"]>) {
    const socket = yield* Scope.fork(scope)
    const close = Scope.close(socket, Exit.void)
    const headers = { "accept-encoding": "identity", ...Version.rangeFrom(received, version) }
    const opened = yield* transport
      .open({ method: "GET", url: link, headers }, { timeout: silence })
      .pipe(Scope.provide(socket), Effect.result)
    if (opened._tag === "Failure") {
      yield* close
      return asked(opened.failure, artifact)
    }
    const { body, status } = opened.success
    if (status === 200 || status === 206) {
      const part = Version.partOf(status, opened.success.headers, received)
      const isApt = status === 200 || (part.start === received && !isMultipart(opened.success.headers))
      if (!isApt || (received > 0 && !Version.isSame(version, part.version))) {
        yield* close
        return yield* unseen(artifact, isApt ? changed : misplaced, status)
      }
      if (isPage(opened.success.headers, artifact)) {
        yield* close
        return yield* unseen(
          artifact,
          { _tag: "Malformed", problem: "a page of HTML came instead of the file" },
          status,
        )
      }
      version = { ...version, ...part.version }
      const pull = yield* Scope.provide(Stream.toPull(body), socket)
      const { isOpen } = part
      return flowing({ pull, close, isOpen, from: received, skip: received - part.start, sum: unsummed })
    }
    yield* close
    // Nothing follows what is here.
    const total = Version.totalOf(opened.success.headers) ?? version.total ?? received
    if (status === 416 && received > 0 && total === received) return whole
    if (status === 429 || status >= 500) {
      const hint = Delay.retryAfter(opened.success.headers, yield* DateTime.now)
      return broken({
        _tag: status === 429 ? "RateLimited" : "Unavailable",
        ...(hint === undefined ? {} : { retryAfter: hint }),
      })
    }
    return refused(
      status === 404 || status === 410
        ? lost(artifact, { _tag: "Gone" }, status)
        : unseen(artifact, { _tag: "Unrecognised", code: String(status) }, status),
    )
  })

  /** Find an answer to read from; `undefined` when there is nothing left to read. */
  const connect = Effect.fnUntraced(function* () {
    for (;;) {
      // A link that has just been made is tried whatever our clock says of it: the clock may be wrong.
      const isUsable = isRenewed || Artifact.isFresh(artifact, yield* DateTime.now, skew)
      if (!isUsable) {
        yield* renew()
        continue
      }
      // A service that hands out no link would otherwise be asked for ever.
      if (artifact.link === undefined) return yield* unseen(artifact, { _tag: "Gone" })
      const result: Asked = yield* ask(artifact.link)
      if (result._tag === "Flowing") return result.flow
      if (result._tag === "Whole") return undefined
      if (result._tag === "Broken") yield* pause(result.reason)
      else if (isRenewed) return yield* result.failure
      else yield* renew()
    }
  })

  const read = Effect.gen(function* () {
    for (;;) {
      flow ??= yield* connect()
      if (flow === undefined) return yield* Cause.done()
      const { close, pull } = flow
      const chunks = yield* pull.pipe(
        Pull.catchDone(() => Effect.undefined),
        Effect.result,
      )
      if (chunks._tag === "Success" && chunks.success !== undefined) {
        const fresh: Array<Uint8Array> = []
        for (const chunk of chunks.success) {
          const dropped = Math.min(flow.skip, chunk.byteLength)
          flow.skip -= dropped
          const rest = chunk.subarray(dropped)
          if (!Version.isNamed(version)) {
            flow.sum = summed(flow.sum, chunk.subarray(0, dropped))
            if (dropped > 0 && flow.skip === 0 && flow.sum !== sum) {
              yield* flow.close
              return yield* unseen(artifact, changed)
            }
            sum = summed(sum, rest)
          }
          if (rest.byteLength > 0) fresh.push(rest)
          received += rest.byteLength
        }
        const [head, ...tail] = fresh
        if (head === undefined) continue
        breaks = 0
        isRenewed = false
        return [head, ...tail] as const
      }
      const { from, isOpen, skip } = flow
      flow = undefined
      yield* close
      const isEmpty = received === 0 && artifact.mediaType !== undefined && chunks._tag === "Success"
      if (isEmpty) return yield* unseen(artifact, { _tag: "Malformed", problem: "the file is empty" })
      // All that was promised is here, however the answer ended.
      if (received === version.total) return yield* Cause.done()
      if (chunks._tag === "Failure") yield* pause(reasonOf(chunks.failure))
      else if (skip > 0) return yield* unseen(artifact, changed)
      else if (version.total === undefined && !isOpen) return yield* Cause.done()
      else if (version.total === undefined && received > from) continue
      else yield* pause({ _tag: "Unreachable", problem: "the file ended before it was complete" })
    }
  })
  return { read }
})

/** What a gateway or a hotel's network answers in the place of a file. */
const isPage = (headers: Exchange.Headers, { mediaType }: Artifact.Artifact): boolean =>
  /^text\/html\b/i.test(headers["content-type"] ?? "") && mediaType !== undefined && !/html/i.test(mediaType)

/** Parts with headings between them: more than one was sent, and one was asked for. */
const isMultipart = (headers: Exchange.Headers): boolean => /^multipart\//i.test(headers["content-type"] ?? "")

const flowing = (flow: Flow): Asked => ({ _tag: "Flowing", flow })
const whole: Asked = { _tag: "Whole" }
const broken = (reason: Reason): Asked => ({ _tag: "Broken", reason })
const refused = (failure: Effect.Effect<never, Unseen | Lost>): Asked => ({ _tag: "Refused", failure })

/** A link that no transport can send is as bad as one that is refused. */
const asked = (failure: Unsent | Unanswered, artifact: Artifact.Artifact): Asked =>
  failure.problem === "InvalidRequest"
    ? refused(unseen(artifact, { _tag: "Malformed", problem: failure.detail }))
    : broken(reasonOf(failure))

const changed: Reason = {
  _tag: "Malformed",
  problem: "the file changed while it was being fetched; fetch it from its beginning",
}
const misplaced: Reason = {
  _tag: "Malformed",
  problem: "the host sent another part of the file than it was asked for; fetch it from its beginning",
}

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
