/** What keeps a delivery from being proved: something of theirs, or something of ours. */
import * as Schema from "effect/Schema"

/** The delivery is not proved to come from the service now. */
export class Unverified extends Schema.TaggedError<Unverified>()("Unverified", {
  problem: Schema.Literals([
    "MissingHeader",
    "UnreadableHeader",
    "MissingField",
    "UnreadableField",
    "Incomplete",
    "UnknownKey",
    "Stale",
    "Ahead",
    "NoMatch",
  ]),
  detail: Schema.String,
}) {
  override get message() {
    return `the delivery is not proved to come from the service: ${this.detail}`
  }
}

/** A secret of ours cannot be used: nothing is known of the delivery. Mend the secret; the service will send it again. */
export class UnusableSecret extends Schema.TaggedError<UnusableSecret>()("UnusableSecret", {
  problem: Schema.Literals(["None", "Unreadable", "WrongKind", "WrongLength", "Unsupported"]),
  detail: Schema.String,
}) {
  override get message() {
    return `the webhook's secret cannot be used: ${this.detail}`
  }
}
