/** One exchange without a socket: the service fills it, the client empties it. */
import type { Headers, Response } from "@tenuto/http/Exchange"
import { Unanswered, Unsent } from "@tenuto/http/Transport"
import * as Effect from "effect/Effect"
import { isBodiless, type Refused, type Sink } from "./play.ts"

const reset = () => new Unanswered({ problem: "Reset", detail: "the service closed the connection before it answered" })
const truncated = () => new Unanswered({ problem: "Truncated", detail: "the answer ended before it was complete" })
const malformed = () => new Unanswered({ problem: "Malformed", detail: "the answer is not HTTP/1.1" })
const refusals: Readonly<Record<Refused, string>> = {
  Refused: "the service refused the connection",
  NameNotFound: "the host has no known address",
  Tls: "the certificate of the service is not accepted",
}

export class Line {
  status = 0
  /** By names in lower case, as a transport hands them over. */
  readonly headers: Record<string, string> = {}
  isHeaded = false
  isEnded = false
  failure: Unsent | Unanswered | undefined
  /** Bytes that nobody has taken yet. */
  parts: Array<Uint8Array> = []
  size = 0
  /** Called whenever there is more to know. */
  onMore: () => void = () => {}
  private left = 0
  private readonly method: string

  constructor(method: string) {
    this.method = method
  }

  head(status: number, headers: Headers, length: number): void {
    this.isHeaded = true
    this.left = isBodiless(this.method, status) ? 0 : length
    this.status = status
    for (const [name, value] of Object.entries(headers)) this.headers[name.toLowerCase()] = value
    if (status !== 204 && status !== 304) this.headers["content-length"] = String(length)
    this.onMore()
  }

  chunk(bytes: Uint8Array): void {
    const taken = bytes.subarray(0, this.left)
    if (taken.byteLength === 0) return
    this.left -= taken.byteLength
    this.parts.push(taken)
    this.size += taken.byteLength
    this.onMore()
  }

  end(): void {
    this.isEnded = true
    this.onMore()
  }

  fail(failure: Unsent | Unanswered): void {
    this.failure = failure
    this.end()
  }

  /** The connection is gone. A client that has all it was promised does not notice. */
  cut(): void {
    if (!this.isHeaded) this.fail(reset())
    else if (this.left > 0) this.fail(truncated())
    else this.end()
  }

  /** Take what is there. */
  take(): Array<Uint8Array> {
    const parts = this.parts
    this.parts = []
    this.size = 0
    return parts
  }

  get sink(): Sink {
    return new LineSink(this)
  }
}

/** Its methods make an effect when it is played, and not one of each for every exchange. */
class LineSink implements Sink {
  private readonly line: Line

  constructor(line: Line) {
    this.line = line
  }

  head(status: number, headers: Headers, length: number): Effect.Effect<void> {
    return Effect.sync(() => this.line.head(status, headers, length))
  }

  chunk(bytes: Uint8Array): Effect.Effect<void> {
    return Effect.sync(() => this.line.chunk(bytes))
  }

  whole({ body, headers, status }: Response): Effect.Effect<void> {
    return Effect.sync(() => {
      this.line.head(status, headers, body.byteLength)
      this.line.chunk(body)
      this.line.end()
    })
  }

  get end(): Effect.Effect<void> {
    return Effect.sync(() => this.line.end())
  }

  get settle(): Effect.Effect<void> {
    return Effect.void
  }

  get close(): Effect.Effect<void> {
    return Effect.sync(() => this.line.cut())
  }

  get reset(): Effect.Effect<void> {
    return this.close
  }

  raw(): Effect.Effect<void> {
    return Effect.sync(() => this.line.fail(malformed()))
  }

  refuse(problem: Refused): Effect.Effect<void> {
    return Effect.sync(() => this.line.fail(new Unsent({ problem, detail: refusals[problem] })))
  }
}
