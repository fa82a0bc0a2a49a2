/** What code without types may get wrong in the options of a kit, said before anything is opened. */
import * as Schema from "effect/Schema"

/** An option is not what it has to be. */
export class Unfit extends Schema.TaggedError<Unfit>()("Unfit", { option: Schema.String, wanted: Schema.String }) {
  override get message() {
    return `${this.option} is not what a kit needs: give ${this.wanted}`
  }
}

const isService = (value: unknown): boolean =>
  typeof value === "function" ||
  (typeof value === "object" &&
    value !== null &&
    (Symbol.iterator in value ||
      ("fetch" in value &&
        typeof value.fetch === "function" &&
        "ledger" in value &&
        typeof value.ledger === "function")))

const isOrigin = (value: unknown): boolean => {
  const url = typeof value === "string" ? URL.parse(value) : null
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === value
}

/** The first option that is not fit; what is left out has a default. */
export const unfitOf = (options: {
  readonly service?: unknown
  readonly carrier?: unknown
  readonly origin?: unknown
}): Unfit | undefined => {
  const { carrier = "memory", origin = "http://service.test", service } = options
  if (!isService(service)) {
    const wanted = "what make() of an Emulator gives, a function from a Request to a Response, or { fetch, ledger }"
    return new Unfit({ option: "service", wanted })
  }
  if (carrier !== "memory" && carrier !== "loopback") {
    return new Unfit({ option: "carrier", wanted: '"memory" or "loopback"' })
  }
  if (!isOrigin(origin)) {
    return new Unfit({ option: "origin", wanted: 'an origin without a path, such as "https://api.example.com"' })
  }
  return undefined
}
