/**
 * Opens a file at its link: follows redirects, and reads a link that is itself the file.
 *
 * A redirect is followed at most ten times and never from https to http. The credential is sent only where it belongs and was
 * asked for, and never again once a redirect has led away.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Duration from "effect/Duration"
import type * as Remote from "@tenuto/core/Remote"
import type * as Exchange from "../Exchange.ts"
import { type Opened, Transport, type Unanswered, Unsent } from "../Transport.ts"
import * as Location from "./Location.ts"

/** An answer whose body is still arriving, and how to be rid of it. */
export interface Open extends Opened {
  readonly socket: Scope.Closeable
}

export interface Wanted {
  readonly link: Redacted.Redacted<string>
  readonly headers: Exchange.Headers
  /** What carries the credential, where the file stands behind it. */
  readonly credential: Remote.Shape["credential"]
  readonly timeout: Duration.Duration
}

/** As many as browsers used to follow. */
const most = 10

const refuse = (detail: string) => Effect.fail(new Unsent({ problem: "InvalidRequest", detail }))

/** Open the file. One socket is open at a time; the scope closes it. Errors: `Unsent`, `Unanswered`. */
export const open = Effect.fnUntraced(function* (
  wanted: Wanted,
): Effect.fn.Return<Open, Unsent | Unanswered, Scope.Scope | Transport> {
  const transport = yield* Transport
  const text = Redacted.value(wanted.link)
  if (Location.isInline(text)) return yield* inline(text)
  let address = Location.encoded(text)
  let { credential } = wanted
  for (let hops = 0; hops <= most; hops++) {
    const own = yield* credential?.(address) ?? Effect.undefined
    if (own === undefined) credential = undefined
    const request = {
      method: "GET",
      url: Redacted.make(address, { label: "link" }),
      headers: { ...own, "accept-encoding": "identity", ...wanted.headers },
    }
    const socket = yield* Effect.flatMap(Effect.scope, Scope.fork)
    const opened = yield* transport.open(request, { timeout: wanted.timeout }).pipe(
      Scope.provide(socket),
      Effect.onError(() => Scope.close(socket, Exit.void)),
    )
    if (!Location.isRedirect(opened.status) || opened.headers["location"] === undefined) return { ...opened, socket }
    yield* Scope.close(socket, Exit.void)
    const target = Location.targetOf(opened.headers, address)
    if (Result.isFailure(target)) return yield* refuse(target.failure)
    address = target.success
  }
  return yield* refuse(`the answer redirects more than ${most} times`)
})

const inline = (link: string) =>
  Result.match(Location.inline(link), {
    onFailure: refuse,
    onSuccess: ({ bytes, type }) =>
      Effect.map(Effect.flatMap(Effect.scope, Scope.fork), (socket): Open => ({
        status: 200,
        headers: { "content-length": String(bytes.byteLength), ...(type === "" ? {} : { "content-type": type }) },
        body: bytes.byteLength === 0 ? Stream.empty : Stream.make(bytes),
        socket,
      })),
  })
