/**
 * What a provider says of its deliveries, as data, and the receiving of one: proved, read, and put into the inbox.
 *
 * It never fails, never believes what is not signed, and decides nothing about the work: a driver that waits looks sooner.
 *
 * ```text
 * signature does not fit      401, or what the service wants   we have not seen a delivery
 * no JSON                     400   its own bytes: sent again they are no better, and the next look finds what they said
 * JSON we cannot use          200   it is the service's, perhaps about something else: asking for it again helps nobody
 * taken, or known already     200
 * trouble of our own          503   never 4xx, which some services take for the final word: it shall come again
 * ```
 *
 * Law 9: an unknown word is survived. Law 10: no answer holds a secret or a part of the body.
 * Law 11: polling is the truth; a delivery counts only when its signature is verified, and twice is once.
 *
 * @example
 * ```ts
 * import * as Duration from "effect/Duration"
 * import * as Effect from "effect/Effect"
 * import * as Result from "effect/Result"
 * import * as Schema from "effect/Schema"
 * import * as Json from "@tenuto/http/Json"
 * import * as Signature from "@tenuto/http/Signature"
 * import * as Webhook from "@tenuto/http/Webhook"
 *
 * const read = Json.decoder(Schema.Struct({ id: Schema.String, event: Schema.String }), "the delivery")
 * export const webhook: Webhook.Webhook = {
 *   service: "choir",
 *   scheme: Signature.raw({ signature: "x-choir-signature" }), // /docs/webhooks "HMAC of the body, hex"
 *   tolerance: Duration.minutes(5),
 *   read: (body) => Result.map(read(body), ({ event, id }) => ({ id, name: `${id} ${event}` })),
 * }
 * const receiver = Webhook.receive(webhook, { secrets: ["a secret"] })
 * const forged = receiver({ headers: { "x-choir-signature": `sha256=${"0".repeat(64)}` }, body: "{}" })
 * console.log((await Effect.runPromise(forged)).status) // 401
 * ```
 */
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Inbox from "@tenuto/core/Inbox"
import type * as Exchange from "./Exchange.ts"
import { join } from "./Exchange.ts"
import * as Plain from "./internal/Plain.ts"
import * as Json from "./Json.ts"
import * as Signature from "./Signature.ts"

/** What a delivery is about. */
export interface Notice {
  /** The service's name for the work, as in the handle's `id`. */
  readonly id: string
  /** The delivery's own name: the same on every attempt, another for everything else the service says. */
  readonly name: string
}

/** How a service delivers. */
export interface Webhook {
  readonly service: string
  readonly scheme: Signature.Scheme
  /** How far from now a timestamp may be. Longer than the service retries, if it stamps the first attempt on all. */
  readonly tolerance: Duration.Duration
  /** Read which work a delivery is about, or say in one sentence, without values, why it cannot be read. */
  readonly read: (body: unknown, headers: Exchange.Headers) => Result.Result<Notice, string>
  /** How the body is written, once it is proved: `Json` if not given. A form is read as a record of its fields; of one name, the last. */
  readonly content?: "Json" | "Form"
  /** The status that the service wants for a signature that does not fit; 401 if not given. */
  readonly refusal?: number
}

/** What a user of the API configures. */
export interface Settings {
  /** One of them has to fit; two while one replaces the other. `Signature.check` says at the start whether they can be used. */
  readonly secrets: Signature.Secrets
  /**
   * The address as the service calls it, with its query, for a service that signs it. What the carrier saw if not given, which is
   * another one behind a proxy.
   */
  readonly url?: string
  /** In place of the provider's own. */
  readonly tolerance?: Duration.Input
  /** A body is read up to this many bytes; 1 MiB if not given. */
  readonly maxBytes?: bigint
}

/** A request as a carrier hands it over. */
export interface Incoming {
  /** `POST` if not given. */
  readonly method?: string
  /** Absolute, as far as the carrier knows. */
  readonly url?: string
  readonly headers: Plain.Given
  /** As it came, not as JSON; a stream is read up to the limit. `undefined` says that something else has read it, and left no bytes. */
  readonly body: string | Uint8Array | Stream.Stream<Uint8Array, unknown> | undefined
}

/** What became of a delivery. */
export type Outcome = "Taken" | "Known" | "Ignored" | "Refused" | "Unreadable" | "TooLarge" | "Troubled"

/** What to answer: a status and headers, and no body. `problem` is for our own log; a stranger is told the status only. */
export interface Answer {
  readonly status: number
  readonly headers: Exchange.Headers
  readonly outcome: Outcome
  readonly problem?: string
}

/** Receives deliveries; it never fails. It puts them into the `Inbox` of the context it runs in. */
export type Receiver = (incoming: Incoming) => Effect.Effect<Answer>

/** Make a receiver. One that is given no inbox proves and reads deliveries, and nobody hears of them. */
export const receive = (webhook: Webhook, settings: Settings): Receiver => {
  const { maxBytes = 1024n * 1024n, secrets, tolerance = webhook.tolerance } = settings
  const attend = Effect.fnUntraced(function* (incoming: Incoming) {
    const { body: given, method = "POST" } = incoming
    const url = settings.url ?? incoming.url
    if (method !== "POST") {
      return { ...answer(405, "Refused", "it is no POST"), headers: { allow: "POST" } }
    }
    const headers = Plain.from(incoming.headers)
    // What says that it is too large is not read at all.
    if (Number(headers["content-length"] ?? 0) > maxBytes) return tooLarge(maxBytes)
    // An empty body in its place would be refused as forged, and nobody would know why.
    if (given === undefined) return answer(503, "Troubled", gone)
    const body = yield* typeof given === "string" ? Effect.succeed(encoder.encode(given)) : whole(given, maxBytes)
    if (body.byteLength > maxBytes) return tooLarge(maxBytes)
    const message = { headers, body, method, ...(url === undefined ? {} : { url }) }
    yield* Signature.verify(webhook.scheme, secrets, message, { tolerance })
    // Its signature says whose it is; a wrong content type would only say how the service was set up.
    const json = webhook.content === "Form" ? formOf(body) : Json.read({}, body)
    if (Result.isFailure(json)) return answer(400, "Unreadable", json.failure)
    if (isTooDeep(json.success)) return answer(400, "Unreadable", `the body is nested more than ${deepest} levels deep`)
    const notice = webhook.read(json.success, headers)
    if (Result.isFailure(notice)) return answer(200, "Ignored", notice.failure)
    const inbox = yield* Inbox.Inbox
    const at = yield* DateTime.now
    const { id, name } = notice.success
    return answer(200, yield* inbox.put({ service: webhook.service, id, name, at, body: json.success }))
  })
  return (incoming) =>
    attend(incoming).pipe(
      Effect.catchTags({
        Unverified: ({ message, problem }) =>
          Effect.succeed(
            // What we did not say is not their mistake.
            problem === "Incomplete"
              ? answer(503, "Troubled", message)
              : answer(webhook.refusal ?? 401, "Refused", message),
          ),
        UnusableSecret: ({ message }) => Effect.succeed(answer(503, "Troubled", message)),
        // Whoever still listens then is a proxy or a platform of ours, and the service has said nothing wrong.
        BrokenOff: () => Effect.succeed(answer(503, "Troubled", "the body broke off")),
      }),
      // What broke may hold a secret or the body, so it is not repeated.
      Effect.catchDefect(() => Effect.succeed(answer(503, "Troubled", "the reader or the inbox itself broke"))),
    )
}

/** What code without Effect gives a receiver. */
export interface Listening extends Settings {
  /** Where deliveries wait: the one that the driver listens to. */
  readonly inbox: Inbox.Inbox
  /** Hears what became of every delivery, for a log or a count. What it throws is dropped. */
  readonly onAnswer?: (answer: Answer) => void
}

/** Make a receiver that needs no context, for carriers that run outside of Effect. */
export const receiveInto = (webhook: Webhook, { inbox, onAnswer, ...settings }: Listening): Receiver => {
  const receiver = receive(webhook, settings)
  const tell = (answer: Answer) => Effect.ignoreCause(Effect.sync(() => onAnswer?.(answer)))
  return (incoming) => Effect.tap(Effect.provideService(receiver(incoming), Inbox.Inbox, inbox), tell)
}

const answer = (status: number, outcome: Outcome, problem?: string): Answer => ({
  status,
  headers: {},
  outcome,
  ...(problem === undefined ? {} : { problem }),
})

const gone =
  "its body was read before, and its bytes are gone; receive it before it is parsed, or have it left as bytes, as express.raw({ type: () => true }) does"

const tooLarge = (maxBytes: bigint) => answer(413, "TooLarge", `the body has more than ${maxBytes} bytes`)

const encoder = new TextEncoder()

/** Read a body to its end, or to where it is too large. */
const whole = (given: Uint8Array | Stream.Stream<Uint8Array, unknown>, maxBytes: bigint) => {
  if (!Stream.isStream(given)) return Effect.succeed(given)
  let size = 0
  return given.pipe(
    Stream.takeUntil((chunk) => (size += chunk.byteLength) > maxBytes),
    Stream.runCollect,
    Effect.map(join),
    Effect.mapError(() => ({ _tag: "BrokenOff" as const })),
  )
}

const formOf = (body: Uint8Array): Result.Result<Schema.Json, string> =>
  Result.succeed(Object.fromEntries(new URLSearchParams(new TextDecoder().decode(body))))

/** What is nested deeper is no delivery, and would break whoever reads it by recursion. */
const deepest = 256

/** Not recursive, for the same reason. */
const isTooDeep = (value: Schema.Json): boolean => {
  let level = branches([value])
  for (let depth = 0; level.length > 0; depth++) {
    if (depth === deepest) return true
    level = level.flatMap((branch) => branches(Object.values(branch)))
  }
  return false
}

const branches = (values: ReadonlyArray<unknown>): ReadonlyArray<object> =>
  values.filter((value) => typeof value === "object" && value !== null)
