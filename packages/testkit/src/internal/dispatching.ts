/**
 * A dispatcher as undici 6, 7 and 8 call it, carried by a transport: for `setGlobalDispatcher`, and for the option
 * `dispatcher` of `fetch` and `request`.
 *
 * It pools nothing and upgrades nothing. A request body is read whole before it is sent.
 */
import type { Transport } from "@tenuto/http/Transport"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import { aborted, phraseOf, unsupported } from "./causes.ts"
import { withCookies } from "./cookies.ts"
import { type Flight, fly, held } from "./flight.ts"
import { allow } from "./insist.ts"
import { misfit, type Unfit } from "./unfit.ts"

/** What is asked for; the rest of undici's options means nothing here. */
interface DispatchOptions {
  readonly origin?: string | URL | null | undefined
  readonly path: string
  readonly method: string
  readonly query?: object | null | undefined
  readonly headers?: unknown
  readonly body?: unknown
  readonly upgrade?: unknown
  /** Milliseconds without a first line, or without bytes of the body; 0 is for ever. Default: 300 000. */
  readonly headersTimeout?: number | null | undefined
  readonly bodyTimeout?: number | null | undefined
}

/** What a handler may do to its request. */
interface DispatchController {
  readonly paused: boolean
  readonly aborted: boolean
  readonly reason: Error | null
  rawHeaders: ReadonlyArray<Uint8Array>
  readonly rawTrailers: ReadonlyArray<Uint8Array>
  pause(): void
  resume(): void
  abort(reason?: Error): void
}

type Values = Record<string, string | Array<string>>

/** A handler of undici 7 and 8. */
interface Modern {
  onRequestStart?(controller: DispatchController, context: object): void
  onResponseStarted?(): void
  onResponseStart?(controller: DispatchController, status: number, headers: Values, statusMessage?: string): void
  onResponseData?(controller: DispatchController, chunk: Uint8Array): void
  onResponseEnd?(controller: DispatchController, trailers: Values): void
  onResponseError?(controller: DispatchController, error: Error): void
}

/** A handler of undici 6, which 7 still takes. */
interface Classic {
  onConnect?(abort: (reason?: Error) => void, context: object): void
  onResponseStarted?(): void
  onHeaders?(status: number, headers: Array<Uint8Array>, resume: () => void, statusMessage: string): boolean | void
  onData?(chunk: Uint8Array): boolean | void
  onComplete?(trailers: Array<Uint8Array> | null): void
  onError?(error: Error): void
}

/** A handler of either style; the newer one is told by `onRequestStart`. */
interface DispatchHandler extends Modern, Classic {}

/** As much of undici's `Dispatcher` as its callers use. */
export interface DispatcherLike {
  /** Send a request. Always true: there is no queue that could be full. */
  dispatch(options: DispatchOptions, handler: DispatchHandler): boolean
  /** Settles at once; what is under way goes on. */
  close(): Promise<void>
  /** Abort what is under way. */
  destroy(reason?: Error | null): Promise<void>
}

const patienceOf = (millis: number | null | undefined): Duration.Duration =>
  millis === 0 ? Duration.infinity : Duration.millis(millis ?? 300_000)
const text = new TextEncoder()

const modern = (handler: DispatchHandler): Modern => {
  if (handler.onRequestStart !== undefined) return handler
  return {
    onRequestStart: (controller, context) => handler.onConnect?.((reason) => controller.abort(reason), context),
    onResponseStarted: () => handler.onResponseStarted?.(),
    onResponseStart: (controller, status, _, phrase = "") => {
      const raw = Array.from(controller.rawHeaders)
      if (handler.onHeaders?.(status, raw, () => controller.resume(), phrase) === false) controller.pause()
    },
    onResponseData: (controller, chunk) => {
      if (handler.onData?.(chunk) === false) controller.pause()
    },
    onResponseEnd: () => handler.onComplete?.([]),
    onResponseError: (_, error) => handler.onError?.(error),
  }
}

class Controller implements DispatchController {
  rawHeaders: ReadonlyArray<Uint8Array> = []
  readonly rawTrailers: ReadonlyArray<Uint8Array> = []
  reason: Error | null = null
  /** Called once, when the handler has had enough. */
  onAbort: (reason: Error) => void = () => {}
  private gate: { readonly open: Promise<void>; readonly unlock: () => void } | undefined

  get paused(): boolean {
    return this.gate !== undefined
  }

  get aborted(): boolean {
    return this.reason !== null
  }

  pause(): void {
    if (this.gate !== undefined) return
    let unlock = () => {}
    const open = new Promise<void>((resolve) => (unlock = resolve))
    this.gate = { open, unlock }
  }

  resume(): void {
    const { gate } = this
    this.gate = undefined
    gate?.unlock()
  }

  abort(reason: Error = aborted()): void {
    if (this.aborted) return
    this.reason = reason
    this.resume()
    this.onAbort(reason)
  }

  /** Settles as soon as the handler takes more. */
  async ready(): Promise<void> {
    while (this.gate !== undefined) await this.gate.open
    await this.still(undefined)
  }

  /** What a promise gives, while somebody wants it; else it rejects. */
  async still<A>(promise: Promise<A> | A): Promise<A> {
    const value = await promise
    if (this.reason !== null) throw this.reason
    return value
  }
}

const shown = (value: unknown): string =>
  value instanceof Uint8Array ? new TextDecoder("latin1").decode(value) : String(value)

/** Undici takes an object, pairs, or names and values in turn. */
const pairsOf = (headers: unknown): ReadonlyArray<readonly [name: unknown, value: unknown]> => {
  if (typeof headers !== "object" || headers === null) return []
  if (!(Symbol.iterator in headers)) return Object.entries(headers)
  const all = Array.from(headers as Iterable<unknown>) // what undici iterates, we may too
  if (all.every((one) => Array.isArray(one))) return all.map(([name, value]: Array<unknown>) => [name, value])
  return all.flatMap((name, at) => (at % 2 === 0 ? [[name, all[at + 1]] as const] : []))
}

const headersOf = (headers: unknown): Record<string, string> => {
  const all: Record<string, string> = {}
  for (const [name, value] of pairsOf(headers)) {
    if (value === undefined || value === null) continue
    const said = Array.isArray(value) ? value.map((one) => shown(one)).join(", ") : shown(value)
    const key = shown(name).toLowerCase()
    all[key] = all[key] === undefined ? said : `${all[key]}, ${said}`
  }
  return all
}

const isIterable = (body: object): body is Iterable<unknown> | AsyncIterable<unknown> =>
  Symbol.asyncIterator in body || Symbol.iterator in body

interface Read {
  readonly bytes: Uint8Array | undefined
  readonly type?: string
}

/** Read a body of any kind, and the type it brings with it. What can be iterated may need time to go on. */
const read = async (context: Context.Context<never>, body: unknown): Promise<Read> => {
  if (body === undefined || body === null) return { bytes: undefined }
  if (typeof body === "string") return { bytes: text.encode(body) }
  if (body instanceof Uint8Array) return { bytes: body }
  // `FormData` and parameters can be iterated too, and mean something else by it.
  const isOfTheWeb = body instanceof FormData || body instanceof URLSearchParams || body instanceof Blob
  if (isOfTheWeb || body instanceof ArrayBuffer || ArrayBuffer.isView(body)) {
    const response = new Response(body as BodyInit)
    const type = response.headers.get("content-type")
    const bytes = await held(context, "a body that is read", response.bytes())
    return { bytes, ...(type === null ? {} : { type }) }
  }
  if (typeof body !== "object" || !isIterable(body)) throw unsupported("this kind of body")
  const parts: Array<Uint8Array> = []
  for await (const part of body) parts.push(part instanceof Uint8Array ? part : text.encode(String(part)))
  return { bytes: new Uint8Array(await new Blob(parts as Array<Uint8Array<ArrayBuffer>>).arrayBuffer()) }
}

const urlOf = ({ origin, path, query }: DispatchOptions): string => {
  const url = new URL(path, origin ?? undefined)
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one ?? ""))
  }
  return url.href
}

/** Undici reads them as buffers of Node. */
const raw = (headers: Values): ReadonlyArray<Uint8Array> =>
  Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().flatMap((one) => [Buffer.from(name, "latin1"), Buffer.from(one, "latin1")]),
  )

const unfitOf = (options: unknown, handler: unknown): Unfit | undefined => {
  const has = (value: unknown, name: string, type: string) => typeof Reflect.get(Object(value), name) === type
  if (!has(options, "path", "string") || !has(options, "method", "string")) {
    return misfit("the first argument of dispatch", "a dispatcher", "undici's options, with origin, path and method")
  }
  if (has(handler, "onRequestStart", "function") || has(handler, "onError", "function")) return undefined
  return misfit("the second argument of dispatch", "a dispatcher", "undici's handler, with onRequestStart or onError")
}

/** Make a dispatcher that is carried by the transport of a context, on the clock of that context. */
export const dispatcherOn = (context: Context.Context<Transport>): DispatcherLike => {
  const active = new Set<Controller>()

  const play = async (
    options: DispatchOptions,
    handler: Modern,
    controller: Controller,
    found: (flight: Flight) => void,
  ) => {
    if (options.upgrade !== undefined && options.upgrade !== null && options.upgrade !== false)
      throw unsupported("an upgrade")
    const headers = headersOf(options.headers)
    const { bytes, type } = await controller.still(read(context, options.body))
    if (type !== undefined) headers["content-type"] ??= type
    const request = { method: options.method, url: urlOf(options), headers }
    const patience = { head: patienceOf(options.headersTimeout), body: patienceOf(options.bodyTimeout) }
    const flight = fly(context, bytes === undefined ? request : { ...request, body: bytes }, patience)
    found(flight)
    const head = await controller.still(flight.head)
    const values: Values = withCookies(head.headers)
    controller.rawHeaders = raw(values)
    handler.onResponseStarted?.()
    handler.onResponseStart?.(controller, head.status, values, phraseOf(head.status))
    for (;;) {
      await controller.ready()
      const parts = await controller.still(flight.pull())
      if (parts === undefined) break
      for (const part of parts) {
        // The reader may keep it, and change it.
        handler.onResponseData?.(controller, Buffer.from(part))
        await controller.ready()
      }
    }
    flight.leave()
    handler.onResponseEnd?.(controller, {})
  }

  return {
    dispatch: (options, given) => {
      allow(unfitOf(options, given))
      const handler = modern(given)
      const controller = new Controller()
      let flight: Flight | undefined
      const end = (error: Error) => {
        active.delete(controller)
        flight?.leave()
        handler.onResponseError?.(controller, error)
      }
      controller.onAbort = end
      active.add(controller)
      const playing = Promise.resolve().then(async () => {
        await controller.still(undefined)
        await play(options, handler, controller, (found) => (flight = found))
        active.delete(controller)
      })
      void playing.catch((error: unknown) => {
        if (!controller.aborted) end(error instanceof Error ? error : new Error(String(error)))
      })
      handler.onRequestStart?.(controller, {})
      return true
    },
    close: () => Promise.resolve(),
    destroy: (reason) => {
      for (const controller of active) controller.abort(reason ?? undefined)
      return Promise.resolve()
    },
  }
}
