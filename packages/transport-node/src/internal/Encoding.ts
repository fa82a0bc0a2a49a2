/**
 * Undoes the compression of a body while it arrives, no faster than it is read.
 *
 * A coding that is not known here stays as it came, and so does the header that names it: some stores keep such names of
 * what was never encoded. Parts (206) stay too, for a part of what is compressed cannot be read.
 */
import type { Transform } from "node:stream"
import * as zlib from "node:zlib"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Exchange from "@tenuto/http/Exchange"
import type { Limits, Opened, Unanswered } from "@tenuto/http/Transport"
import * as Problem from "./Problem.ts"

type Chunks = NonEmptyReadonlyArray<Uint8Array>
type Next = Pull.Pull<Chunks, Unanswered>

const options = { chunkSize: 64 * 1024 }

/** Some servers send what the name says without the wrapper that the standard puts around it. */
const inflate = (first: number): Transform =>
  (first & 15) === 8 ? zlib.createInflate(options) : zlib.createInflateRaw(options)

const decoders: Readonly<Record<string, (first: number) => Transform>> = {
  gzip: () => zlib.createGunzip(options),
  "x-gzip": () => zlib.createGunzip(options),
  deflate: inflate,
  br: () => zlib.createBrotliDecompress(options),
  zstd: () => zlib.createZstdDecompress(options),
}

/** What is asked for where the caller does not say. */
export const accepted = "gzip, deflate, br, zstd"

/** More than anybody means. */
const most = 5

/** The codings of a body in the order to undo them; none where one of them is not known. */
const codingsOf = (method: string, status: number, headers: Exchange.Headers): ReadonlyArray<string> => {
  if (method === "HEAD" || status === 204 || status === 206 || status === 304) return []
  const names = (headers["content-encoding"] ?? "").toLowerCase().split(",")
  const codings = names.map((name) => name.trim()).filter((name) => name !== "" && name !== "identity")
  return codings.length <= most && codings.every((name) => Object.hasOwn(decoders, name)) ? codings.toReversed() : []
}

/** One coding undone. The decoder works in other threads: it is fed when it has eaten, and stopped while it is not read. */
class Decoding {
  private readonly source: Next
  private readonly coding: string
  private readonly place: string
  private decoder: Transform | undefined
  private out: Array<Uint8Array> = []
  private end: Effect.Effect<never, Unanswered | Cause.Done> | undefined
  private isHungry = true
  private wake: (() => void) | undefined

  constructor(source: Next, coding: string, place: string) {
    this.source = source
    this.coding = coding
    this.place = place
  }

  readonly pull: Next = Effect.suspend(() => {
    const [first, ...rest] = this.out
    if (first !== undefined) {
      this.out = []
      this.decoder?.resume()
      return Effect.succeed<Chunks>([first, ...rest])
    }
    if (this.end !== undefined) return this.end
    return this.isHungry ? this.fed : this.told
  })

  /** Wait for the decoder. It may have spoken already: a fibre may stand still at any point. */
  private readonly told: Next = Effect.callback<void>((resume) => {
    if (this.out.length > 0 || this.end !== undefined || this.isHungry) return resume(Effect.void)
    this.wake = () => resume(Effect.void)
    return Effect.sync(() => (this.wake = undefined))
  }).pipe(Effect.andThen(Effect.suspend(() => this.pull)))

  private readonly fed: Next = Effect.suspend(() => this.source).pipe(
    Effect.map((chunks) => this.feed(chunks)),
    Pull.catchDone(() => Effect.sync(() => this.finish())),
    Effect.andThen(Effect.suspend(() => this.pull)),
  )

  private feed(chunks: Chunks): void {
    const bytes = Exchange.join(chunks)
    const [head] = bytes
    if (head === undefined) return
    this.decoder ??= this.open(head)
    this.isHungry = false
    this.decoder.write(bytes, () => {
      this.isHungry = true
      this.say()
    })
  }

  private finish(): void {
    this.isHungry = false
    // Nothing is nothing, compressed or not.
    if (this.decoder === undefined) this.end = Cause.done()
    else this.decoder.end()
  }

  private open(first: number): Transform {
    const decoder = (decoders[this.coding] ?? inflate)(first)
    decoder.on("data", (chunk: Buffer) => {
      decoder.pause()
      this.out.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength))
      this.say()
    })
    decoder.on("end", () => this.over(Cause.done()))
    decoder.on("error", (error) => this.over(Effect.fail(Problem.ofDecoding(this.place, error))))
    return decoder
  }

  private over(end: Effect.Effect<never, Unanswered | Cause.Done>): void {
    this.end ??= end
    this.say()
  }

  private say(): void {
    this.wake?.()
  }

  readonly close = Effect.sync(() => void this.decoder?.destroy())
}

/** What a body is once decoded: the headers that described it as it came are left out, as `fetch` does. */
export const undo = (place: string, method: string, opened: Opened): Effect.Effect<Opened, never, Scope.Scope> => {
  const { body, headers, status } = opened
  const codings = codingsOf(method, status, headers)
  if (codings.length === 0) return Effect.succeed(opened)
  return Effect.gen(function* () {
    let pull: Next = yield* Stream.toPull(body)
    for (const coding of codings) {
      const decoding = new Decoding(pull, coding, place)
      yield* Effect.addFinalizer(() => decoding.close)
      pull = decoding.pull
    }
    const { "content-encoding": _, "content-length": __, ...rest } = headers
    // What was decoded is not what ranges of the stored bytes are counted in.
    return { status, headers: { ...rest, "accept-ranges": "none" }, body: Stream.fromPull(Effect.succeed(pull)) }
  })
}

/** A whole body, decoded up to the limit. */
export const undoWhole = (
  place: string,
  method: string,
  response: Exchange.Response,
  { maxBytes }: Pick<Limits, "maxBytes">,
): Effect.Effect<Exchange.Response, Unanswered> => {
  if (response.headers["content-encoding"] === undefined) return Effect.succeed(response)
  return Effect.gen(function* () {
    const { body, headers, status } = yield* undo(place, method, { ...response, body: Stream.make(response.body) })
    const chunks: Array<Uint8Array> = []
    let size = 0
    yield* Stream.runForEach(body, (chunk) => {
      chunks.push(chunk)
      size += chunk.byteLength
      return size > maxBytes ? Effect.fail(Problem.tooLarge(place, maxBytes)) : Effect.void
    })
    return { status, headers, body: Exchange.join(chunks) }
  }).pipe(Effect.scoped)
}
