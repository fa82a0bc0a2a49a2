/**
 * The credential: one that stays as it is, or one that is asked for each request.
 *
 * What is wrong with it is told as a request that never left, by the name of the setting, and without what was thrown:
 * that may hold a secret.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { type Unanswered, Unsent } from "../Transport.ts"
import * as Withheld from "./Withheld.ts"

/** An API key. */
export type Key = string | Redacted.Redacted<string>
/** Gives the API key of the moment. */
export type Source = (() => Key | Promise<Key>) | Effect.Effect<Key, unknown>

/** What there is to know of it. */
export interface Credential {
  /** The credential itself, where it stays as it is. */
  readonly fixed?: Redacted.Redacted<string>
  /** Get it for one request, in the time there is. */
  readonly get: (within: Duration.Duration) => Effect.Effect<Redacted.Redacted<string>, Unsent>
  /** Take every value that was used out of what a service answered. */
  readonly withheld: <A>(value: A) => A
}

/** So many values are remembered: one that is minted for each request must not fill the memory. */
const remembered = 100

const unfit = (setting: "apiKey" | "account", given: string, wanted: string): Unsent =>
  new Unsent({ problem: "InvalidRequest", setting, detail: `${setting}: given ${given}; wanted ${wanted}` })

const unfitKey = (given: string): Unsent => unfit("apiKey", given, "the API key as text")
const thrown = (what: unknown) => unfitKey(`a source that failed${what instanceof Error ? ` with ${what.name}` : ""}`)

/** Read what was given as a key: code without types may give anything. */
const read = (given: unknown, by: string): Result.Result<Redacted.Redacted<string>, Unsent> => {
  const text: unknown = Redacted.isRedacted(given) ? Redacted.value(given) : given
  return typeof text === "string"
    ? Result.succeed(Redacted.make(text))
    : Result.fail(unfitKey(`${by}${text === null ? "null" : typeof text}`))
}

const ask = (source: Source, within: Duration.Duration): Effect.Effect<Redacted.Redacted<string>, Unsent> =>
  (Effect.isEffect(source)
    ? Effect.mapError(source, thrown)
    : Effect.tryPromise({ try: async () => source(), catch: thrown })
  ).pipe(
    Effect.catchDefect((what) => Effect.fail(thrown(what))),
    Effect.flatMap((given) => Effect.fromResult(read(given, "a source that gave "))),
    Effect.flatMap((key) =>
      Redacted.value(key) === "" ? Effect.fail(unfitKey("an empty text")) : Effect.succeed(key),
    ),
    Effect.timeoutOrElse({
      duration: within,
      orElse: () => Effect.fail(new Unsent({ problem: "ConnectTimeout", detail: "apiKey gave no API key in time" })),
    }),
  )

/** Make the credential of one connection. A fixed one is withheld before it is used. */
export const make = (apiKey: Key | Source, account: string | undefined): Credential => {
  const used = new Set<string>()
  const use = (key: Redacted.Redacted<string>) => {
    const text = Redacted.value(key)
    used.delete(text)
    used.add(text)
    const [oldest] = used
    if (used.size > remembered && oldest !== undefined) used.delete(oldest)
    return key
  }
  const withheld = Withheld.from(used)
  if (typeof apiKey !== "function" && !Effect.isEffect(apiKey)) {
    const key = read(apiKey, "")
    if (Result.isFailure(key)) return { get: () => Effect.fail(key.failure), withheld }
    const fixed = use(key.success)
    return { fixed, get: () => Effect.succeed(fixed), withheld }
  }
  // Work of a credential that changes is found again by a name only.
  const isNamed = typeof account === "string" && account !== ""
  const unnamed = unfit("account", "none", "a name for whose work it is, since apiKey changes")
  return { get: (within) => (isNamed ? Effect.map(ask(apiKey, within), use) : Effect.fail(unnamed)), withheld }
}

/**
 * Send a request with the credential of the moment. Where the service refuses one that changes, and another value comes, it is
 * sent again, once, in what is left of the time.
 */
export const spend = <R>(
  { fixed, get }: Credential,
  within: Duration.Duration,
  send: (key: Redacted.Redacted<string>, within: Duration.Duration) => Effect.Effect<R, Unsent | Unanswered>,
  isRefused: (response: R) => Effect.Effect<boolean>,
): Effect.Effect<R, Unsent | Unanswered> =>
  fixed !== undefined
    ? Effect.flatMap(get(within), (key) => send(key, within))
    : Effect.gen(function* () {
        const began = yield* Clock.monotonicTimeNanos
        const left = Effect.map(Clock.monotonicTimeNanos, (now) =>
          Duration.subtract(within, Duration.nanos(now - began)),
        )
        const key = yield* get(within)
        const response = yield* send(key, yield* left)
        if (!(yield* isRefused(response))) return response
        const other = yield* Effect.option(get(yield* left))
        if (Option.isNone(other) || Redacted.value(other.value) === Redacted.value(key)) return response
        return yield* send(other.value, yield* left)
      })
