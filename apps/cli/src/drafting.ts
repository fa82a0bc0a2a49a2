/** Makes a draft from a command line; nothing is sent yet. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type * as Operation from "@tenuto/core/Operation"
import { attach } from "./attachments.ts"
import { type Ended, Usage } from "./exit.ts"
import * as Flags from "./flags.ts"
import * as Services from "./services.ts"
import * as Session from "./session.ts"
import type { Context } from "./verdict.ts"

/** What run and submit are given. */
export interface Given extends Session.Settings {
  readonly service: string
  readonly operation: string
  readonly input: string
  readonly key: Option.Option<string>
  readonly reference: Option.Option<string>
  readonly json: boolean
}

/** A draft, and all that is needed to send it. */
export interface Drafted {
  readonly draft: Operation.Draft<Operation.Any>
  readonly session: Session.Session
  readonly context: Context
}

const format = SchemaIssue.makeFormatterStandardSchemaV1()

const decode = (operation: Operation.Any, value: unknown): Effect.Effect<unknown, Usage> =>
  Effect.mapError(
    Schema.decodeUnknownEffect(operation.input as Schema.Codec<unknown, Schema.Json>, {
      errors: "all",
      onExcessProperty: "error",
    })(value),
    ({ issue }) => {
      const lines = format(issue).issues.map(({ message, path }) => {
        const place = (path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".")
        return `${place === "" ? "the input" : place}: ${message}`
      })
      return new Usage({
        problem: `--input is not what ${operation.name} takes: ${lines.join("; ")}`,
        way: "nothing was sent; mend the input and run it again",
      })
    },
  )

/** Errors: `Usage`. */
export const make = Effect.fnUntraced(function* (given: Given): Effect.fn.Return<Drafted, Ended | Usage> {
  const service = yield* Services.find(given.service)
  const operation = yield* Services.operation(service, yield* service.load, given.operation)
  const text = yield* Flags.source("--input", given.input)
  const input = yield* decode(operation, yield* attach(yield* Flags.jsonOf("--input", text)))
  const session = yield* Session.open(service, given)
  // Standard input cannot be read twice, so the way to go on holds the text itself.
  const again = given.input === "-" ? JSON.stringify(JSON.parse(text)) : given.input
  return {
    session,
    draft: {
      operation,
      input,
      ...(Option.isSome(given.key) ? { key: given.key.value } : {}),
      ...(Option.isSome(given.reference) ? { reference: given.reference.value } : {}),
    },
    context: {
      operation,
      isJson: given.json,
      input: again,
      baseUrl: given.baseUrl,
      set: given.set,
      journal: given.journal,
      account: given.account ?? Option.none(),
    },
  }
})

/** How long to wait, as the client takes it. */
export interface Wait {
  readonly within?: Duration.Duration
}

export const wait = (within: Option.Option<Duration.Duration>): Wait =>
  Option.match(within, { onNone: () => ({}), onSome: (span) => ({ within: span }) })

/** Begin to wait: what is left of it whenever that is asked, for the files come after the work and share its deadline. */
export const waiting = (within: Option.Option<Duration.Duration>): Effect.Effect<Effect.Effect<Wait>> =>
  Effect.map(DateTime.now, (began) =>
    Effect.map(DateTime.now, (now) =>
      wait(Option.map(within, (whole) => Duration.subtract(whole, DateTime.distance(began, now)))),
    ),
  )
