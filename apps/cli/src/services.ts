/** The services this command speaks to: one line each. Nothing is loaded before it is needed. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Operation from "@tenuto/core/Operation"
import type { Remote } from "@tenuto/core/Remote"
import type * as Provider from "@tenuto/http/Provider"
import type { Transport } from "@tenuto/http/Transport"
import type { Webhook } from "@tenuto/http/Webhook"
import type { Handler } from "@tenuto/testkit/Emulator"
import type { Hooks } from "@tenuto/testkit/Fault"
import type { Courier } from "@tenuto/testkit/Courier"
import { Usage } from "./exit.ts"
import type * as Setting from "./setting.ts"
import { known } from "./text.ts"

/** One service, known by name. */
export interface Service {
  readonly name: string
  /** The environment variable that holds its API key. */
  readonly variable: string
  /** What may be set of its layer, and of its emulator. */
  readonly settings: Setting.Known
  readonly manners: Setting.Known
  /** How its emulator is told to deliver; absent for a service that delivers nothing. */
  readonly hook?: Hook
  readonly load: Effect.Effect<Api>
  readonly emulator: Effect.Effect<EmulatorModule>
}

/** Who says where to deliver: the service's settings, or each request in this field. */
export type Hook =
  | { readonly from: "settings"; readonly options: (secret: string, url: string) => object }
  | { readonly from: "request"; readonly field: string; readonly options: (secret: string) => object }

/** What a provider package exports. */
export interface Api {
  readonly operations: Readonly<Record<string, Operation.Any>>
  readonly table: Provider.Table<string>
  readonly layer: (settings: Provider.Settings) => Layer.Layer<Remote<string>, never, Transport>
  readonly webhook?: Webhook
}

/** What a provider's emulator takes; every one is optional, and each has some of its own. */
export interface EmulatorOptions {
  readonly limit?: { readonly requests: number; readonly window: Duration.Input }
  readonly work?: Duration.Input
  readonly hold?: Duration.Input
  readonly linkLife?: Duration.Input
  readonly failing?: string
  readonly seed?: number
}

/** An emulator: what it answers, what faults have to know of it, and what it has done so far. */
export interface Emulated {
  readonly handler: Handler
  readonly hooks: Hooks
  readonly ledger: Effect.Effect<Ledger>
  readonly courier?: Courier
}

/** What an emulator has done: every operation it created, and every request it saw. */
export interface Ledger {
  readonly operations: ReadonlyArray<object>
  readonly requests: ReadonlyArray<object>
}

interface EmulatorModule {
  readonly make: (options: EmulatorOptions) => Effect.Effect<Emulated>
}

interface ProviderModule<Service extends string> extends Omit<Api, "table" | "layer"> {
  readonly table: Provider.Table<Service>
  readonly layer: (settings: Provider.Settings) => Layer.Layer<Remote<Service>, never, Transport>
}

function service<Name extends string>(
  name: Name,
  load: () => Promise<ProviderModule<Name>>,
  emulator: () => Promise<EmulatorModule>,
  more: Partial<Pick<Service, "settings" | "manners" | "hook">> = {},
): Service {
  return {
    manners: {},
    ...more,
    // What every service takes: whether the credential may go over plain http to another machine.
    settings: { allowInsecureConnection: "switch", ...more.settings },
    name,
    variable: variableOf(name),
    // A remote is looked up by its service's name at run time, so the literal type may be forgotten.
    load: Effect.promise(load as unknown as () => Promise<Api>),
    emulator: Effect.promise(emulator),
  }
}

/** The environment variable that holds a service's API key. */
export const variableOf = (name: string): string => `TENUTO_${name.toUpperCase()}_KEY`

const tier = ["free", "pro", "enterprise"] as const

const asking = (field: string): Hook => ({
  from: "request",
  field,
  options: (webhookSecret) => ({ webhookSecret }),
})

export const all: ReadonlyArray<Service> = [
  service(
    "soundpiece",
    () => import("@tenuto/soundpiece"),
    () => import("@tenuto/soundpiece/Emulator"),
    { manners: { replay: ["current", "original"], length: "duration" }, hook: asking("callback_url") },
  ),
  service(
    "overten",
    () => import("@tenuto/overten"),
    () => import("@tenuto/overten/Emulator"),
    {
      settings: { auth: ["bearer", "x-api-key"], tier },
      manners: {
        tier,
        queue: "duration",
        ceiling: ["promote", "refuse", "name"],
        editorLife: "duration",
        retention: "duration",
        places: "count",
        crowded: ["429", "503", "queue"],
        credits: "count",
      },
      hook: asking("webhook_url"),
    },
  ),
  service(
    "heydonna",
    () => import("@tenuto/heydonna"),
    () => import("@tenuto/heydonna/Emulator"),
    {
      settings: { transcribed: ["success", "pending"] },
      manners: { fetching: "duration", words: "words", step: "duration" },
      hook: { from: "settings", options: (secret, url) => ({ webhook: { url, secret } }) },
    },
  ),
  service(
    "whisul",
    () => import("@tenuto/whisul"),
    () => import("@tenuto/whisul/Emulator"),
    { manners: { keep: "duration", length: "duration", penalty: "duration" } },
  ),
]

/** Find a service. Errors: `Usage`. */
export const find = (name: string): Effect.Effect<Service, Usage> => {
  const found = all.find((candidate) => candidate.name === name)
  const names = all.map((candidate) => candidate.name)
  return found === undefined
    ? Effect.fail(new Usage({ problem: `there is no service "${name}"`, way: known(name, names) }))
    : Effect.succeed(found)
}

/** Find an operation of a service. Errors: `Usage`. */
export const operation = ({ name: service }: Service, api: Api, name: string): Effect.Effect<Operation.Any, Usage> => {
  const found = Object.hasOwn(api.operations, name) ? api.operations[name] : undefined
  const way = known(name, Object.keys(api.operations))
  return found === undefined
    ? Effect.fail(new Usage({ problem: `${service} has no operation "${name}"`, way }))
    : Effect.succeed(found)
}

/** The environment variables that hold the API keys. */
export const variables: ReadonlyArray<string> = all.map(({ variable }) => variable)
