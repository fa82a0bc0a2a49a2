/** A request whose answer is handed over as it arrives; what is not yet asked for stops the socket. */
import * as Cause from "effect/Cause"
import type { NonEmptyReadonlyArray } from "effect/Array"
import type * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Pull from "effect/Pull"
import * as Stream from "effect/Stream"
import type * as Exchange from "@tenuto/http/Exchange"
import type { Opened, Unanswered, Unsent } from "@tenuto/http/Transport"
import type { Dispatcher } from "undici"
import { Flight, type Gate } from "./Flight.ts"
import * as Problem from "./Problem.ts"
import type { Parcel } from "./Wire.ts"

export type Resume = (effect: Effect.Effect<Opened, Unsent | Unanswered>) => void
type Chunks = NonEmptyReadonlyArray<Uint8Array>

/** Bytes held before the socket is stopped. */
const highWater = 128 * 1024

export class Streamed extends Flight {
  private readonly resume: Resume
  private chunks: Array<Uint8Array> = []
  private held = 0
  private paused: Dispatcher.DispatchController | undefined
  private end: Effect.Effect<never, Unanswered | Cause.Done> | undefined
  private wake: (() => void) | undefined

  constructor(parcel: Parcel, gate: Gate, timeout: Duration.Duration, context: Context.Context<never>, resume: Resume) {
    super(parcel, gate, timeout, context)
    this.resume = resume
  }

  protected override onHead(status: number, headers: Exchange.Headers): void {
    this.stopTimer()
    const body = Stream.fromPull(Effect.succeed(this.pull))
    queueMicrotask(() => this.resume(Effect.succeed({ status, headers, body })))
  }

  protected override onChunk(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.chunks.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    this.held += chunk.byteLength
    if (this.held >= highWater && this.wake === undefined) {
      this.paused = controller
      controller.pause()
    }
    this.tell()
  }

  protected override onWhole(): void {
    this.end = Cause.done()
    this.tell()
  }

  protected override onBroken(problem: Unsent | Unanswered): void {
    if (this.stage === "Headed" && problem._tag === "Unanswered") {
      this.end = Effect.fail(problem)
      this.tell()
    } else this.resume(Effect.fail(problem))
  }

  override cancel(): void {
    super.cancel()
    this.chunks = []
    this.end ??= Effect.interrupt
    this.tell()
  }

  /** Whoever waits for more is woken outside of undici's parser. */
  private tell(): void {
    const wake = this.wake
    this.wake = undefined
    if (wake !== undefined) queueMicrotask(wake)
  }

  private take(): Pull.Pull<Chunks, Unanswered> | undefined {
    const [first, ...rest] = this.chunks
    if (first === undefined) return this.end
    this.chunks = []
    this.held = 0
    return Effect.succeed<Chunks>([first, ...rest])
  }

  /** Undici's parser is shared by all sockets: it is resumed when none of it is running. */
  private goOn(): void {
    const controller = this.paused
    this.paused = undefined
    if (controller !== undefined) queueMicrotask(() => controller.resume())
  }

  private readonly pull: Pull.Pull<Chunks, Unanswered> = Effect.callback((resume) => {
    const ready = this.take()
    this.goOn()
    if (ready !== undefined) return resume(ready)
    const timer = this.after(this.timeout, () => this.fail(Problem.silence(this.parcel.place, this.timeout)))
    this.wake = () => {
      timer?.interruptUnsafe()
      const now = this.take()
      if (now !== undefined) resume(now)
    }
    return Effect.sync(() => {
      this.wake = undefined
      timer?.interruptUnsafe()
    })
  })
}
