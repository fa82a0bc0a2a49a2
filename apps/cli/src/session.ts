/** Connects to a service: credential from the environment, sockets, and a journal when one is asked for. */
import { access } from "node:fs/promises"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { Handle } from "@tenuto/core/Handle"
import * as HandleOf from "@tenuto/core/Handle"
import * as Journal from "@tenuto/core/Journal"
import type * as Operation from "@tenuto/core/Operation"
import type { Account, Remote } from "@tenuto/core/Remote"
import type { Transport } from "@tenuto/http/Transport"
import { Chronicle } from "./chronicle.ts"
import { type Ended, Usage } from "./exit.ts"
import { conceal } from "./screen.ts"
import * as Recording from "./recording.ts"
import * as Services from "./services.ts"
import * as Setting from "./setting.ts"

/** Where to connect, and what to remember. */
export interface Settings {
  readonly baseUrl: Option.Option<string>
  readonly journal: Option.Option<string>
  /** Whose work it is there. Default: the credential tells. */
  readonly account?: Option.Option<string>
  /** Whether what names no account there is this account's. Default: not. */
  readonly adopt?: boolean
  /** Where to write what was sent and answered. Default: nowhere. */
  readonly record?: Option.Option<string>
  /** Settings of the service, `name=value` each. */
  readonly set: ReadonlyArray<string>
}

export type Connected = Remote<string> | Transport | Journal.Journal

/** A service that is ready to be used. */
export interface Session {
  readonly service: Services.Service
  readonly api: Services.Api
  readonly base: string
  readonly layer: Layer.Layer<Connected, Journal.Unusable>
}

const credential = (service: Services.Service): Effect.Effect<string, Usage> => {
  const { name, variable } = service
  const key = (process.env[variable] ?? "").trim()
  const way = `it holds your ${name} API key: export ${variable}=... (an emulator takes any value)`
  if (key === "") return Effect.fail(new Usage({ problem: `${variable} is not set`, way }))
  conceal(key)
  return /^[\u0021-\u007e]+$/.test(key)
    ? Effect.succeed(key)
    : Effect.fail(new Usage({ problem: `${variable} holds characters that no API key has`, way }))
}

/** Open a session; nothing is sent yet. Errors: `Usage`; `Ended`, for a recording that cannot be written. */
export const open = Effect.fnUntraced(function* (
  service: Services.Service,
  settings: Settings,
): Effect.fn.Return<Session, Ended | Usage> {
  const apiKey = yield* credential(service)
  const own = yield* Setting.parse(service.name, service.settings, settings.set)
  const [api, transport] = yield* Effect.all(
    [service.load, Effect.promise(() => import("@tenuto/transport-node/NodeTransport"))],
    { concurrency: 2 },
  )
  const base = Option.getOrElse(settings.baseUrl, () => api.table.base)
  const { carrying } = yield* Chronicle
  const record = settings.record ?? Option.none()
  const carrier = Option.isNone(record)
    ? transport.layer
    : yield* Recording.keep(record.value, transport.layer, [apiKey])
  const account = Option.getOrUndefined(settings.account ?? Option.none())
  const remote = Layer.provideMerge(api.layer({ ...own, apiKey, account, baseUrl: base }), carrying(carrier))
  const adopt = settings.adopt === true ? { [service.name]: account ?? Redacted.make(apiKey) } : {}
  return { service, api, base, layer: Layer.merge(remote, yield* journalOf(settings.journal, adopt)) }
})

/** A command drives one piece of work and ends: its input may be larger than a program that lives long would allow. */
const maxInputBytes = 256 * 1024 * 1024

const journalOf = (
  file: Option.Option<string>,
  adopt: Readonly<Record<string, Account>>,
): Effect.Effect<Layer.Layer<Journal.Journal, Journal.Unusable>> =>
  Option.match(file, {
    onNone: () => Effect.succeed(Journal.layerMemoryWith({ maxInputBytes })),
    onSome: (path) =>
      Effect.map(
        Effect.promise(() => import("@tenuto/journal/SqliteJournal")),
        ({ layer }) => layer(path, { adopt, maxInputBytes }),
      ),
  })

/** Read a journal that is there, and change nothing unless it is `ForWriting`. Errors: `Unusable`. */
export const reading = <A, E>(
  file: string,
  read: Effect.Effect<A, E, Journal.Journal>,
  mode: "ForReading" | "ForWriting" = "ForReading",
) =>
  Effect.gen(function* () {
    yield* Effect.mapError(
      Effect.tryPromise(() => access(file)),
      () =>
        new Journal.Unusable({
          journal: file,
          problem: "Unavailable",
          detail: "there is no such file; give the one that --journal named",
        }),
    )
    const { layer, layerReadOnly } = yield* Effect.promise(() => import("@tenuto/journal/SqliteJournal"))
    return yield* Effect.provide(read, mode === "ForReading" ? layerReadOnly(file) : layer(file))
  })

/** Open the session a handle belongs to, and find its operation. Errors: `Usage`, for a handle from elsewhere too. */
export const ofHandle = Effect.fnUntraced(function* (
  handle: Handle,
  settings: Settings,
): Effect.fn.Return<Session & { readonly operation: Operation.Any }, Ended | Usage> {
  const service = yield* Effect.mapError(
    Services.find(handle.service),
    ({ way }) => new Usage({ problem: `this handle belongs to the service "${handle.service}"`, way }),
  )
  const session = yield* open(service, settings)
  const operation = yield* Services.operation(service, session.api, handle.operation)
  const here = { service: service.name, origin: new URL(session.base).origin, operation: operation.name }
  const issue = HandleOf.mismatch(handle, here)
  if (issue === undefined) return { ...session, operation }
  return yield* new Usage({
    problem: `this handle is refused: ${issue.message}`,
    way: "the API key goes to one place only: give --base-url with that origin if you trust it",
  })
})
