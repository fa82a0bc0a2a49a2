/** What a history is made of: requests, events and states, as schemas. */
import * as Schema from "effect/Schema"
import { Instant } from "./instant.ts"
import { Evidence } from "../Evidence.ts"
import { Handle } from "../Handle.ts"
import { Observation, Ongoing } from "../Observation.ts"
import * as Pace from "../Pace.ts"
import { Reason } from "../Reason.ts"
import { pure } from "./pure.ts"
import { Span } from "./span.ts"

// --- what is asked ------------------------------------------------------------------------------

/** A request as it is kept: enough to send the same bytes again under the same key. */
export const Request = /* @__PURE__ */ pure(() =>
  Schema.Struct({
    entry: Schema.String,
    service: Schema.String,
    origin: Schema.String,
    operation: Schema.String,
    input: Schema.Record(Schema.String, Schema.Json),
    key: Schema.optionalKey(Schema.String),
    reference: Schema.optionalKey(Schema.String),
    /** Fields that the service wanted to be different once it had seen the request; see `Lifecycle.sent`. */
    changes: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json)),
  }),
)
export type Request = typeof Request.Type

/** Why something did not work, and whether that proves that it never started. */
export const Trouble = /* @__PURE__ */ pure(() =>
  Schema.Struct({
    truth: Schema.Literals(["Rejected", "Uncertain", "Unseen", "Lost"]),
    at: Instant,
    reason: Reason,
    evidence: Evidence,
  }),
)
export type Trouble = typeof Trouble.Type

// --- events -------------------------------------------------------------------------------------

const at = { at: Instant }
/** When the look that brought it began, and how long it was to be held. */
const look = { began: Instant, hold: Schema.optionalKey(Span) }
/** How long the service asks to be left alone now, when it does. */
const hint = { retryAfter: Schema.optionalKey(Span) }
/** What the service says of the endpoint itself: it is going to be retired, at an instant or some day. */
const notice = { deprecation: Schema.optionalKey(Schema.Struct({ sunset: Schema.optionalKey(Instant) })) }
const trouble = { reason: Reason, evidence: Evidence }
const told = { ...trouble, ...notice }

/**
 * What happened, and when. An event is named for the truth it establishes.
 *
 * `Sending` is written before the first byte leaves: from then on the truth is uncertain until an answer comes.
 * `Stopped` says that the caller was told and nothing is sent again without being asked. `Prompted` says that a delivery
 * asks for a look; `Postponed`, that a budget shared with others has no room before a span is over.
 */
export const Event = /* @__PURE__ */ pure(() =>
  Schema.Union([
    Schema.TaggedStruct("Drafted", { ...at, request: Request }),
    Schema.TaggedStruct("Sending", at),
    Schema.TaggedStruct("Rejected", { ...at, ...told }),
    Schema.TaggedStruct("Uncertain", { ...at, ...told }),
    Schema.TaggedStruct("Accepted", {
      ...at,
      ...hint,
      ...notice,
      /** A hint that cannot be meant, word for word; it was used for nothing. */
      unusedHint: Schema.optionalKey(Schema.String),
      handle: Handle,
      observation: Schema.optionalKey(Observation),
    }),
    Schema.TaggedStruct("Observed", { ...at, ...look, ...hint, ...notice, observation: Observation }),
    Schema.TaggedStruct("Unseen", { ...at, ...look, ...told }),
    Schema.TaggedStruct("Lost", { ...at, ...told }),
    Schema.TaggedStruct("Stopped", { ...at, ...trouble }),
    Schema.TaggedStruct("Prompted", at),
    Schema.TaggedStruct("Postponed", { ...at, retryAfter: Span }),
  ]),
)
export type Event = typeof Event.Type
/** The event with this tag. */
export type EventOf<Tag extends Event["_tag"]> = Extract<Event, { readonly _tag: Tag }>

// --- states -------------------------------------------------------------------------------------

/** How the work ended, as far as anybody can learn. */
export const Outcome = /* @__PURE__ */ pure(() =>
  Schema.Union([
    Schema.TaggedStruct("Observed", { handle: Handle, observation: Observation }),
    Schema.TaggedStruct("Lost", { handle: Handle, ...trouble }),
  ]),
)
export type Outcome = typeof Outcome.Type

/** `last` is why the last send did not work; it is absent while an answer is awaited, and so after a crash. */
const unaccepted = { request: Request, sends: Schema.Int, last: Schema.optionalKey(Trouble) }

/** How many sends may have started the work, and since when the first of them may: keys are remembered from then on. */
const doubted = { doubts: Schema.Int, inDoubtSince: Schema.optionalKey(Instant) }

/** What is true now. */
export const State = /* @__PURE__ */ pure(() =>
  Schema.Union([
    /** Nothing has started, and that is proved of every send there was. */
    Schema.TaggedStruct("Drafted", unaccepted),
    /** `doubts` sends may have started it: they were about to leave or have left, and no usable answer has come. */
    Schema.TaggedStruct("Uncertain", { ...unaccepted, ...doubted }),
    /** The caller was told why, and nothing is sent again without being asked. `at` is when the trouble came. */
    Schema.TaggedStruct("Stopped", {
      request: Request,
      ...doubted,
      at: Instant,
      ...trouble,
    }),
    /** The service has it. `miss` is why the last look failed, when it did. */
    Schema.TaggedStruct("Pending", {
      handle: Handle,
      /** When the service accepted it; absent where nobody here saw that. */
      since: Schema.optionalKey(Instant),
      looks: Pace.Looks,
      last: Schema.optionalKey(Ongoing),
      miss: Schema.optionalKey(Trouble),
    }),
    Schema.TaggedStruct("Settled", { outcome: Outcome, at: Instant }),
  ]),
)
export type State = typeof State.Type
/** The state with this tag. */
export type StateOf<Tag extends State["_tag"]> = Extract<State, { readonly _tag: Tag }>
