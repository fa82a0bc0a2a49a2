/** A request whose answer is read to its end, then handed over. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exchange from "@tenuto/http/Exchange"
import type { Limits, Unanswered, Unsent } from "@tenuto/http/Transport"
import type { Dispatcher } from "undici"
import { Flight, type Gate } from "./Flight.ts"
import * as Problem from "./Problem.ts"
import type { Parcel } from "./Wire.ts"

export type Resume = (effect: Effect.Effect<Exchange.Response, Unsent | Unanswered>) => void

export class Whole extends Flight {
  private readonly maxBytes: bigint
  private readonly resume: Resume
  private readonly chunks: Array<Buffer> = []
  private size = 0
  private status = 0
  private headers: Exchange.Headers = {}

  constructor(parcel: Parcel, gate: Gate, limits: Limits, context: Context.Context<never>, resume: Resume) {
    super(parcel, gate, limits.timeout, context)
    this.maxBytes = limits.maxBytes
    this.resume = resume
  }

  protected override onHead(status: number, headers: Exchange.Headers): void {
    this.status = status
    this.headers = headers
  }

  protected override onChunk(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.size += chunk.byteLength
    if (this.size > this.maxBytes) this.fail(Problem.tooLarge(this.parcel.place, this.maxBytes))
    else this.chunks.push(chunk)
  }

  protected override onWhole(): void {
    // Copied: a chunk is a window on a buffer that also holds what came before and after it.
    const body = Exchange.join(this.chunks)
    this.resume(Effect.succeed({ status: this.status, headers: this.headers, body }))
  }

  protected override onBroken(problem: Unsent | Unanswered): void {
    this.resume(Effect.fail(problem))
  }
}
