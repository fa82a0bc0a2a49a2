/**
 * Overten AI: Word, Excel and PowerPoint documents from a prompt.
 *
 * Everything here is data with its source (`S002` and the contract's numbers are explained in FACTS.md); the machine that
 * acts on it is `@tenuto/core`. It never sends anything by itself.
 *
 * @example
 * ```ts
 * import * as Duration from "effect/Duration"
 * import * as Overten from "@tenuto/overten"
 *
 * const prompt = "A one-page brief on long notes"
 * const content = new TextEncoder().encode("Hold the note for its full value.")
 * export const drafts = [
 *   Overten.wordGenerate({ prompt }, { key: "brief-7" }), // answered when it is done, within 300 s
 *   Overten.excelGenerate({ prompt, async: true, timeout_ms: Duration.minutes(20) }), // answered at once
 *   Overten.slidesGenerate({ prompt, run_id: "run_1", mode: "ask" }), // another task of a run
 *   Overten.slidesOutline({ prompt }),
 *   Overten.excelAnalyze({ prompt, init_file: "file_1" }),
 *   Overten.filesUpload({ file: { name: "brief.txt", type: "text/plain", content }, purpose: "context" }),
 *   Overten.imagesUpload({ file: { name: "staff.png", type: "image/png", content } }),
 *   Overten.preflight({ format: "word", prompt }), // free
 *   Overten.verify({}),
 * ]
 * ```
 */
import * as Duration from "effect/Duration"
import type * as Layer from "effect/Layer"
import * as Contract from "@tenuto/core/Contract"
import * as Operation from "@tenuto/core/Operation"
import type { Remote } from "@tenuto/core/Remote"
import * as Budget from "@tenuto/http/Budget"
import * as Deprecation from "@tenuto/http/Deprecation"
import * as Provider from "@tenuto/http/Provider"
import type { Transport } from "@tenuto/http/Transport"
import type { Webhook } from "@tenuto/http/Webhook"
import * as Delivery from "./internal/delivery.ts"
import * as Endpoint from "./internal/endpoint.ts"
import * as Immediate from "./internal/immediate.ts"
import * as Input from "./internal/inputs.ts"
import * as Reasons from "./internal/reasons.ts"
import { namesOf, troubleOf } from "./internal/refusal.ts"
import * as Wire from "./internal/wire.ts"

// --- what the service promises ------------------------------------------------------------------

/** How much a credential may ask for (S002 "Rate limits"), and how often that lets every one of its runs be looked at. */
const tiers = {
  free: { requests: 10, every: Duration.seconds(12) }, // 60 s · 2 runs / 10 requests: contract 3.8 (I)
  pro: { requests: 60, every: Duration.seconds(10) }, // 60 s · 10 / 60
  enterprise: { requests: 600, every: Duration.seconds(5) }, // 60 s · 50 / 600
} as const

/** What the account is. */
export type Tier = keyof typeof tiers

const cadenceOf = (tier: Tier): Contract.Cadence => ({
  _tag: "Interval",
  every: tiers[tier].every,
  floor: Duration.seconds(1), // ours: a delivery may prompt a look, the budget still counts it
})

/** What the service promises of work that makes something; no page offers to cancel. */
export const contract = Contract.make({
  idempotency: { _tag: "Keyed", field: "idempotency_key" }, // contract 3.7 "safely retry requests"
  cadence: cadenceOf("free"), // the slowest is lawful on every tier; `layer` knows better
  delays: {
    limited: { _tag: "Exponential", base: Duration.seconds(1), cap: Duration.minutes(1) }, // ours: where no hint comes
    unavailable: { _tag: "Range", min: Duration.seconds(30), max: Duration.seconds(60) }, // S002 "Retry after 30-60s"
    otherwise: { _tag: "Exponential", base: Duration.seconds(1), cap: Duration.minutes(1) }, // S002 "exponential backoff"
  },
  limits: {
    wait: Duration.minutes(30), // contract 3.4 "async jobs 5–25 min"
    answer: Duration.seconds(30), // ours
    submit: Duration.seconds(330), // S002 "Sync request hit 300s ceiling": longer than that
    sends: 8, // ours
  },
  retention: { _tag: "Kept", for: Duration.days(30) }, // S002 "30-day retention"
})

/** No key is documented for what is uploaded: an upload that was lost may have arrived. */
const uploading: Contract.Contract = { ...contract, idempotency: { _tag: "Unkeyed" } }

/** Contract 3.1 "free dry run", and questions: asking twice does nothing twice. */
const asking: Contract.Contract = {
  ...contract,
  idempotency: { _tag: "Safe" },
  limits: { ...contract.limits, submit: contract.limits.answer },
}

// --- operations ---------------------------------------------------------------------------------

const service = "overten"

/** What was made: `document` is the file, `editor` a page to edit it. `duration` is a `Duration`. */
export type Generated = typeof Wire.Generated.Type
/** The same, and the `answer` that no page shows. */
export type Answered = typeof Wire.Answered.Type
/** An `answer` that no page shows, and the `id` in it. */
export type Named = typeof Wire.Named.Type
/** The account that a key belongs to. */
export type Account = typeof Wire.Account.Type

const define = <const Name extends string, Input, Output, const Code extends string = never>(
  name: Name,
  promises: Contract.Contract,
  input: Operation.Definition<string, Name, Input, Output, Code>["input"],
  output: Operation.Definition<string, Name, Input, Output, Code>["output"],
  codes: ReadonlyArray<Code>,
) => Operation.make({ service, name, contract: promises, input, output, codes })

/**
 * A Word document. A prompt has 1 to 10,000 characters.
 *
 * Units: `timeout_ms` is a `Duration` of 10 seconds to 30 minutes. Source: S002, contract 3.1.
 */
export const wordGenerate = /* @__PURE__ */ define(
  "word.generate",
  contract,
  Input.Generate,
  Wire.Generated,
  Reasons.failures,
)
/** A workbook, asked for as {@link wordGenerate}. Source: contract 3.1. */
export const excelGenerate = /* @__PURE__ */ define(
  "excel.generate",
  contract,
  Input.Generate,
  Wire.Generated,
  Reasons.failures,
)
/** Slides, asked for as {@link wordGenerate}. Source: contract 3.1. */
export const slidesGenerate = /* @__PURE__ */ define(
  "slides.generate",
  contract,
  Input.Generate,
  Wire.Generated,
  Reasons.failures,
)
/** An outline of slides; no page shows it, so it stands in `answer`. Source: contract 3.1, I. */
export const slidesOutline = /* @__PURE__ */ define(
  "slides.outline",
  contract,
  Input.Generate,
  Wire.Answered,
  Reasons.failures,
)
/** What a workbook says; no page shows it, so it stands in `answer`. Source: contract 3.1, I. */
export const excelAnalyze = /* @__PURE__ */ define(
  "excel.analyze",
  contract,
  Input.Generate,
  Wire.Answered,
  Reasons.failures,
)
/** A file for later prompts: `context` unless told otherwise, `init` for a base document. Source: contract 3.1. */
export const filesUpload = /* @__PURE__ */ define("files.upload", uploading, Input.UploadFile, Wire.Named, [])
/** An image for later prompts. Source: contract 3.1. */
export const imagesUpload = /* @__PURE__ */ define("images.upload", uploading, Input.UploadImage, Wire.Named, [])
/** Whether a prompt has all it needs, free of charge; `Rejected` says what is missing. Source: contract 3.1, 3.6. */
export const preflight = /* @__PURE__ */ define("preflight", asking, Input.Preflight, Wire.Named, [])
/** Whether the key is good, and for whom. Source: S002, contract 3.1. */
export const verify = /* @__PURE__ */ define("verify", asking, Input.Nothing, Wire.Account, [])

/** Every operation by the service's own route: the names that `connect` goes by. */
export const operations = {
  "word.generate": wordGenerate,
  "excel.generate": excelGenerate,
  "slides.generate": slidesGenerate,
  "slides.outline": slidesOutline,
  "excel.analyze": excelAnalyze,
  "files.upload": filesUpload,
  "images.upload": imagesUpload,
  preflight,
  verify,
} as const

// --- deliveries ---------------------------------------------------------------------------------

/** What no page shows of how deliveries are signed. */
export type Signing = Delivery.Signing

/**
 * How deliveries are proved and read, for `Webhook.receive`: ask for them with `webhook_url`.
 *
 * A delivery only prompts a look, and none comes for work that is cancelled or expires (T-OV-5): go on waiting as without.
 *
 * @example
 * ```ts
 * import * as Overten from "@tenuto/overten"
 * import * as Webhook from "@tenuto/http/Webhook"
 *
 * const webhook = Overten.webhookOf({ signed: "{timestamp}{body}", secret: "Base64" }) // where the default does not fit
 * export const receive = Webhook.receive(webhook, { secrets: ["whsec_…"] })
 * ```
 */
export const webhookOf: (signing?: Signing) => Webhook = Delivery.webhookOf

/** The same, signed as is most likely: `{timestamp}.{body}`, with the secret as its own text. Source: contract 3.11. */
export const webhook: Webhook = /* @__PURE__ */ Delivery.webhookOf()

// --- the API ------------------------------------------------------------------------------------

const tableFor = (tier: Tier, credential: Provider.Table<"overten">["credential"]): Provider.Table<"overten"> => ({
  service,
  base: "https://backend.overtenai.com/api/v1", // contract 1 (W:/authentication)
  credential,
  endpoints: {
    "word.generate": Endpoint.make({ path: "/word/generate", format: "word" }),
    "excel.generate": Endpoint.make({ path: "/excel/generate", format: "excel" }),
    "slides.generate": Endpoint.make({ path: "/slides/generate", format: "slides" }),
    "slides.outline": Endpoint.make({ path: "/slides/outline", format: "slides", isOpen: true }),
    "excel.analyze": Endpoint.make({ path: "/excel/analyze", format: "excel", isOpen: true }),
    "files.upload": Immediate.upload("files", ["file_id", "id"]),
    "images.upload": Immediate.upload("images", ["image_id", "id"]),
    preflight: Immediate.preflight,
    verify: Immediate.verify,
  },
  verdicts: Reasons.verdicts,
  trouble: troubleOf,
  requestId: "x-request-id", // S002 "Include X-Request-Id in support ticket"
  names: namesOf, // S002 "Capture the run_id and task_id from any response"
  deprecation: Deprecation.of, // contract 3.13 "X-Deprecated: true and Sunset: <date>"
  // S002 "Requests/min", per key; looks count too (I).
  budget: Budget.of({
    deeds: ["Submit", "Look", "Cancel"],
    requests: tiers[tier].requests,
    window: Duration.minutes(1),
  }),
  cadence: cadenceOf(tier),
})

/** Contract 3.2: the other rendering of the page. A transport that followed redirects would show it to strangers (T-OV-3). */
const headerKey: Provider.Table<"overten">["credential"] = (apiKey) => ({ "x-api-key": apiKey })

/** The API as a table, on the tier that asks least: what `tenuto explain` reads. */
export const table: Provider.Table<"overten"> = /* @__PURE__ */ tableFor("free", Provider.bearer)

/** What a user of the API configures. */
export type Settings = Provider.Settings & {
  /** In which header the key travels (C-OV-3). Default: `bearer`. */
  readonly auth?: "bearer" | "x-api-key" | undefined
  /** What the account is: how many requests it may make in a minute. Default: `free`, which is lawful for all. */
  readonly tier?: Tier | undefined
}

/**
 * Connect to Overten. Needs a `Transport`.
 *
 * @example
 * ```ts
 * import * as Layer from "effect/Layer"
 * import * as Overten from "@tenuto/overten"
 * import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
 *
 * const overten = Overten.layer({ apiKey: "sk_live_…", tier: "pro" })
 * export const connected = overten.pipe(Layer.provideMerge(NodeTransport.layer))
 * ```
 */
export const layer = ({
  auth,
  tier = "free",
  ...settings
}: Settings): Layer.Layer<Remote<"overten">, never, Transport> =>
  Provider.layer(tableFor(tier, auth === "x-api-key" ? headerKey : Provider.bearer), settings)
