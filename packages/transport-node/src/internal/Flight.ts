/**
 * One request on its way: how far it got, and its one end.
 *
 * It ends once. What undici reports after that is not heard. It runs no fibre
 * from within undici's parser, which is not re-entrant: ends are told in a microtask.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { Unanswered, Unsent } from "@tenuto/http/Transport"
import type { Headers } from "@tenuto/http/Exchange"
import type { Dispatcher } from "undici"
import * as Problem from "./Problem.ts"
import type { Parcel } from "./Wire.ts"

/** Throwing is how a handler tells undici not to write a request, and leaves the socket whole. */
const stopped = AbortSignal.abort()

/** Lower-cased by undici; a header sent twice is an array, made one text in place. */
const joined = (headers: Record<string, string | Array<string> | undefined>): Headers => {
  for (const name in headers) {
    const value = headers[name]
    if (typeof value === "object") headers[name] = value.join(", ")
  }
  // Every array was just joined, and undici sets no header to undefined.
  return headers as Headers
}

/** The connection a request is on, as the request knows it. */
export interface Carrier {
  /** Whether the socket ended with an error. */
  isBroken(): boolean
  /** The request is answered, or was never written: the connection takes the next. */
  release(): void
  /** The request is given up: the socket is closed. */
  discard(): void
}

/** Where requests to one origin get a carrier. */
export interface Gate {
  /** Put a request on a carrier: at once if one is free, else in turn. */
  send(flight: Flight): void
  /** A request that has no carrier yet is given up. */
  leave(flight: Flight): void
}

export abstract class Flight implements Dispatcher.DispatchHandler {
  readonly parcel: Parcel
  readonly timeout: Duration.Duration
  readonly context: Context.Context<never>
  carrier: Carrier | undefined
  stage: Problem.Stage = "Waiting"
  /** True from the moment its end is known. */
  isOver = false
  private readonly gate: Gate
  private timer: Fiber.Fiber<void> | undefined

  constructor(parcel: Parcel, gate: Gate, timeout: Duration.Duration, context: Context.Context<never>) {
    this.parcel = parcel
    this.gate = gate
    this.timeout = timeout
    this.context = context
  }

  /** The answer's first line and headers are here. */
  protected abstract onHead(status: number, headers: Headers): void
  protected abstract onChunk(controller: Dispatcher.DispatchController, chunk: Buffer): void
  protected abstract onWhole(): void
  protected abstract onBroken(problem: Unsent | Unanswered): void

  /** Go: the time-out starts, and the request takes a connection or waits for one. */
  start(): void {
    this.timer = this.after(this.timeout, () => this.onLate())
    this.gate.send(this)
  }

  /**
   * Do something later, by the clock of the one who asked. Each has a sleep of its own: on a clock that fires what is
   * due at one instant in the order it was set, a shared one would come out of turn.
   */
  after(span: Duration.Duration, then: () => void): Fiber.Fiber<void> | undefined {
    if (!Duration.isFinite(span)) return undefined
    const fiber = Effect.runForkWith(this.context)(Effect.sleep(span))
    fiber.addObserver((exit) => {
      if (Exit.isSuccess(exit)) then()
    })
    return fiber
  }

  protected stopTimer(): void {
    this.timer?.interruptUnsafe()
    this.timer = undefined
  }

  private onLate(): void {
    this.fail(
      this.stage === "Waiting"
        ? Problem.connectTimeout(this.parcel.place)
        : Problem.timeout(this.parcel.place, this.timeout),
    )
  }

  /** End it badly: its socket is closed at once, its end told next. */
  fail(problem: Unsent | Unanswered): void {
    if (this.isOver) return
    this.isOver = true
    this.stopTimer()
    // A request that is no request says nothing about its connection.
    if (problem.problem === "InvalidRequest") this.carrier?.release()
    else this.leave()
    queueMicrotask(() => this.onBroken(problem))
  }

  /** End it without telling anyone. */
  cancel(): void {
    if (this.isOver) return
    this.isOver = true
    this.stopTimer()
    this.leave()
  }

  private leave(): void {
    if (this.carrier === undefined) this.gate.leave(this)
    else this.carrier.discard()
  }

  onRequestStart(): void {
    // Called on a connected socket, before the first byte is written. A second call would be a second sending.
    if (this.stage !== "Waiting") this.fail(Problem.resent(this.parcel.place))
    if (this.isOver) stopped.throwIfAborted()
    this.stage = "Bound"
  }

  private isEndedByClose = false

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | Array<string> | undefined>,
  ): void {
    if (status < 200 || this.isOver) return
    this.stage = "Headed"
    this.isEndedByClose = headers["content-length"] === undefined && headers["transfer-encoding"] === undefined
    this.onHead(status, joined(headers))
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.isOver) this.onChunk(controller, chunk)
  }

  onResponseEnd(): void {
    if (this.isOver) return
    // Where closing marks the end, a reset is no end; undici takes it for one.
    if (this.isEndedByClose && this.carrier?.isBroken() === true) {
      this.fail(Problem.truncated(this.parcel.place))
      return
    }
    this.isOver = true
    this.stopTimer()
    queueMicrotask(() => {
      this.carrier?.release()
      this.onWhole()
    })
  }

  onResponseError(_: Dispatcher.DispatchController | null, error: unknown): void {
    this.fail(Problem.of(this.parcel.place, this.stage, error))
  }
}
