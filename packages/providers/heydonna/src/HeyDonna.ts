/**
 * HeyDonna: transcripts of recordings, with the documents made from them.
 *
 * Everything here is data with its source (`S003`, `W:<page>` and the contract's numbers are explained in FACTS.md); the
 * machine that acts on it is `@tenuto/core`. It never sends anything by itself.
 *
 * @example
 * ```ts
 * import * as HeyDonna from "@tenuto/heydonna"
 *
 * const audioUrl = "https://bucket.example/audio.mp3?signature=…"
 * export const drafts = [
 *   HeyDonna.createProject({ title: "Smith v. Jones", audioUrl }, { reference: "order-7" }), // sent as externalRef
 *   HeyDonna.createProject({ title: "Minutes", audioUrl, projectType: "general", autoProcessEnabled: false }),
 * ]
 * export const templates = HeyDonna.listTemplates({})
 * ```
 */
import * as Duration from "effect/Duration"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Artifact from "@tenuto/core/Artifact"
import * as Contract from "@tenuto/core/Contract"
import * as Operation from "@tenuto/core/Operation"
import type { Remote } from "@tenuto/core/Remote"
import * as Budget from "@tenuto/http/Budget"
import * as Provider from "@tenuto/http/Provider"
import type { Transport } from "@tenuto/http/Transport"
import type { Webhook } from "@tenuto/http/Webhook"
import * as Delivery from "./internal/delivery.ts"
import * as Endpoint from "./internal/endpoint.ts"
import * as Input from "./internal/inputs.ts"
import { pure } from "./internal/pure.ts"
import * as Reasons from "./internal/reasons.ts"
import * as Trouble from "./internal/trouble.ts"
import * as Wire from "./internal/wire.ts"

/** S003 sample `data.get("retryAfterMs", 60000)`: what a refusal for the limit means that names no time. */
const unnamed: Contract.Delay = { _tag: "Assumed", pause: Duration.seconds(60) }

/** What the service promises: it checks no key, so a lost answer leaves a project in doubt; our reference goes with it. */
export const contract = Contract.make({
  // S003 "not idempotent — each call creates a new project. Use externalRef to correlate"
  idempotency: { _tag: "Referenced", field: "externalRef" },
  cadence: {
    _tag: "Interval",
    every: Duration.seconds(15), // S003 sample poll_interval=15, within "10–30 seconds" (C-HD-2)
    floor: Duration.seconds(5), // S003 "Minimum interval: 5 seconds"
  },
  delays: { limited: unnamed },
  limits: {
    wait: Duration.minutes(50), // S003 sample "~50 minutes max"
    answer: Duration.seconds(30), // ours
    submit: Duration.minutes(10), // ours: the service fetches the recording first, and giving up early makes doubt (T-HD-2)
    sends: 8, // ours
  },
  support: "support@heydonna.chat", // W:/api-reference/
})

/** Asking for a list creates nothing, so it may be asked for again whatever became of the first time. */
const listing = Contract.make({
  ...contract,
  idempotency: { _tag: "Safe" },
  limits: { wait: Duration.minutes(5), answer: Duration.seconds(30), sends: 8 }, // ours
})

const service = "heydonna"

/** What a project gives when it is done: its names, and the word that said so. No page shows more. */
export type Transcribed = Wire.Transcribed

/**
 * A transcript of a recording, and the processing that follows it.
 *
 * `audioUrl` is a link that you sign yourself: it must live for at least 5 minutes after the call, and it stands in the
 * journal, for it may have to be sent again. The draft's `reference` is sent as `externalRef`; one is minted if none is
 * given. Source: S003, W:/api-reference/endpoints/.
 */
export const createProject = /* @__PURE__ */ Operation.make({
  service,
  name: "projects.create",
  contract,
  input: Input.CreateProject,
  output: Wire.Transcribed,
  codes: [], // contract 4.5: "No machine code"
})

/**
 * The templates that this key may use, as the service answers: JSON of a shape that no page shows.
 *
 * Every address in it comes as an `Artifact`, because what looks like an address may be a secret. Source: S003.
 */
export const listTemplates = /* @__PURE__ */ Operation.make({
  service,
  name: "templates.list",
  contract: listing,
  input: Input.ListTemplates,
  output: /* @__PURE__ */ pure(() => Schema.toType(Artifact.Tree)),
  codes: [],
})

/** Every operation by its resource and verb, for the service names none: the names that `connect` goes by. */
export const operations = {
  "projects.create": createProject,
  "templates.list": listTemplates,
} as const

/**
 * How deliveries are proved and read, for `Webhook.receive`: their address is set for a key in the service's settings.
 *
 * They only say that there is something to see, so each makes a waiting driver look. Source: W:/api-reference/webhooks/.
 */
export const webhook: Webhook = Delivery.webhook

/** S003 "a sliding window rate limit of 100 requests per minute per API key"; status is exempt, so looks are (T-HD-6). */
const budget = Budget.of({ deeds: ["Submit"], requests: 100, window: Duration.minutes(1), backoff: unnamed })

const tableOf = (transcribed: Endpoint.Meaning): Provider.Table<"heydonna"> => ({
  service,
  base: "https://app.heydonna.chat", // W:/api-reference/; no version in the path
  credential: Provider.bearer, // S003 "Authorization: Bearer"; its form is not checked (C-HD-4)
  endpoints: { "projects.create": Endpoint.project(transcribed), "templates.list": Endpoint.templates },
  verdicts: Reasons.verdicts,
  trouble: Trouble.trouble,
  names: Endpoint.names,
  budget,
})

/** The API as a table: what {@link layer} connects to and what `tenuto explain` reads. */
export const table: Provider.Table<"heydonna"> = /* @__PURE__ */ tableOf("success")

/** What a user of the API configures. */
export type Settings = Provider.Settings & {
  /**
   * What the status `transcribed` says. It is the end (`success`) unless you wait for the processing that follows it:
   * say `pending` where every project has `autoProcessEnabled`, for one without it says nothing after this word.
   */
  readonly transcribed?: Endpoint.Meaning | undefined
}

/**
 * Connect to HeyDonna. Needs a `Transport`.
 *
 * All work of one layer shares the service's limit of requests, so connect once for each key.
 *
 * @example
 * ```ts
 * import * as Layer from "effect/Layer"
 * import * as HeyDonna from "@tenuto/heydonna"
 * import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
 *
 * export const heydonna = HeyDonna.layer({ apiKey: "hd_ext_…" }).pipe(Layer.provideMerge(NodeTransport.layer))
 * ```
 */
export const layer = (settings: Settings): Layer.Layer<Remote<"heydonna">, never, Transport> =>
  Provider.layer(settings.transcribed === undefined ? table : tableOf(settings.transcribed), settings)
