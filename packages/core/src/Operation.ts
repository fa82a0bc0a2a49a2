/**
 * What is asked: one remote operation, typed.
 *
 * An operation is a function from input to {@link Draft}; a draft is a value, and nothing has left the process.
 */
import type * as Schema from "effect/Schema"
import type { Tree } from "./Artifact.ts"
import type { Contract } from "./Contract.ts"
import { callable } from "./internal/callable.ts"
import { snapshot } from "./internal/snapshot.ts"

/** What one operation of one service takes, gives and fails with. */
export interface Definition<Service extends string, Name extends string, Input, Output, Code extends string> {
  readonly service: Service
  readonly name: Name
  readonly contract: Contract
  /** Checks the input's limits; its encoded side is the JSON that a journal keeps. */
  readonly input: Schema.Codec<Input, Schema.JsonObject>
  readonly output: Schema.Codec<Output, Tree>
  /** Every failure code the service documents for this operation; others arrive as they are. */
  readonly codes: ReadonlyArray<Code>
}

/** One remote operation. Call it with its input to get a {@link Draft}. */
export interface Operation<
  Service extends string,
  Name extends string,
  Input,
  Output,
  Code extends string,
> extends Definition<Service, Name, Input, Output, Code> {
  (input: Input, options?: Options): Draft<Operation<Service, Name, Input, Output, Code>>
}

/** Any operation: what code that does not care for the types of one can take. */
export interface Any {
  readonly service: string
  readonly name: string
  readonly contract: Contract
  readonly input: Schema.Codec<never, Schema.JsonObject> | Schema.Codec<unknown, Schema.JsonObject>
  readonly output: Schema.Codec<unknown, Tree>
  readonly codes: ReadonlyArray<string>
}

/** What `O` takes. */
export type Input<O extends Any> = O["input"]["Type"]
/** What `O` gives back. */
export type Output<O extends Any> = O["output"]["Type"]
/** A documented failure code of `O`; the service may answer with another one. */
export type Code<O extends Any> = O["codes"][number]

/** What may be said about a request beyond its input. */
export interface Options {
  /** The idempotency key; minted once when absent, sent only where keys are checked. One key asks for one work. */
  readonly key?: string
  /** Your own name for the work, echoed by services that keep one. */
  readonly reference?: string
}

/**
 * An operation with its input: a value that can be submitted. What it was made of may be changed afterwards; the draft
 * stays as it is.
 */
export interface Draft<out O extends Any> extends Options {
  readonly operation: O
  readonly input: Input<O>
}

/**
 * Define an operation.
 *
 * @example
 * ```ts
 * import * as Duration from "effect/Duration"
 * import * as Schema from "effect/Schema"
 * import * as Contract from "@tenuto/core/Contract"
 * import * as Operation from "@tenuto/core/Operation"
 *
 * export const sing = Operation.make({
 *   service: "choir",
 *   name: "sing",
 *   contract: Contract.make({
 *     idempotency: { _tag: "Keyed", field: "key" },
 *     cadence: { _tag: "Interval", every: Duration.seconds(5), floor: Duration.seconds(1) },
 *   }),
 *   input: Schema.Struct({ lyrics: Schema.NonEmptyString }),
 *   output: Schema.Struct({ seconds: Schema.Finite }),
 *   codes: ["too_high"],
 * })
 * export const draft = sing({ lyrics: "Hold the note" }, { key: "order-7" })
 * ```
 */
export const make = <Service extends string, Name extends string, Input, Output, const Code extends string>(
  definition: Definition<Service, Name, Input, Output, Code>,
): Operation<Service, Name, Input, Output, Code> => {
  const operation = (input: Input, options?: Options): Draft<Operation<Service, Name, Input, Output, Code>> => ({
    operation: defined,
    input: snapshot(input),
    ...options,
  })
  const defined = callable(operation, definition)
  return defined
}
