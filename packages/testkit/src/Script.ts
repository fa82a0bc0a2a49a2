/**
 * A service's behaviour as a story: steps that requests use up, in order.
 *
 * A request takes the first unused step of its stage; without one it reaches the service unchanged. So does a letter of
 * the service, at the stage `webhook`. A script says what is seen, and never when the client has to come.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as SoundpieceEmulator from "@tenuto/soundpiece/Emulator"
 * import * as Script from "@tenuto/testkit/Script"
 *
 * const story = Script.make([
 *   Script.on("submit", "reset-after-commit"), // it is taken, and the answer is lost
 *   Script.on("submit", "429=30"),
 *   Script.on("look", "pass"),
 *   Script.on("look", { status: 503, text: "try later" }, 2),
 * ])
 * export const handler = Effect.gen(function* () {
 *   const soundpiece = yield* SoundpieceEmulator.make()
 *   return yield* Script.apply(soundpiece.handler, story, soundpiece.hooks)
 * })
 * ```
 */
import type { Response } from "@tenuto/http/Exchange"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { answer, Behaviour, json } from "./Behaviour.ts"
import type { Handler } from "./Handler.ts"
import * as Fault from "./Fault.ts"
import { inTurn, type Step as Planned } from "./internal/steps.ts"

/** A fixed answer; its body is `json` or `text`, not both. */
export const Answer = Schema.Struct({
  status: Schema.Int.check(Schema.isBetween({ minimum: 200, maximum: 599 })),
  headers: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  json: Schema.optionalKey(Schema.Json),
  text: Schema.optionalKey(Schema.String),
}).check(
  Schema.makeFilter(
    ({ json, text }) => json === undefined || text === undefined || "has a body of json and one of text",
  ),
)
export type Answer = typeof Answer.Type

const times = { on: Fault.Stage, times: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThan(0))) }

/** One step: a fault by name (`503`, `429=30`), a fixed answer, or the service itself. */
export const Step = Schema.Union([
  Schema.Struct({ ...times, fault: Schema.String }),
  Schema.Struct({ ...times, answer: Answer }),
  Schema.Struct({ ...times, pass: Schema.Literal(true) }),
])
export type Step = typeof Step.Type

/** A story, as it stands in a file. */
export const Script = Schema.Struct({ version: Schema.Literal(1), steps: Schema.Array(Step) })
export type Script = typeof Script.Type

/** The text is not a script. */
export class Unreadable extends Schema.TaggedError<Unreadable>()("Unreadable", { detail: Schema.String }) {
  override get message() {
    return `this is not a script: ${this.detail}`
  }
}

/**
 * Write one step of a stage: a fault by its name, an answer, or `"pass"`, which leaves the request to the service.
 *
 * `count` requests use it up.
 */
export const on = (stage: Fault.Stage, what: string | Answer, count = 1): Step => {
  const base = { on: stage, times: count }
  if (what === "pass") return { ...base, pass: true }
  return typeof what === "string" ? { ...base, fault: what } : { ...base, answer: what }
}

/** Write a story. */
export const make = (steps: ReadonlyArray<Step>): Script => ({ version: 1, steps })

const parts = { fault: Schema.optionalKey(Schema.String), answer: Schema.optionalKey(Answer) }
const step = { ...times, ...parts, pass: Schema.optionalKey(Schema.Literal(true)) }
const known = Object.keys(step).join(", ")

/** A script with all that a step may hold: what is wrong with one is told once, and not for each form that it could have. */
const Written = Schema.Struct({
  ...Script.fields,
  steps: Schema.Array(
    Schema.Struct(step)
      .annotate({ messageUnexpectedKey: `No word of a step: ${known}` })
      .check(
        Schema.makeFilter(
          ({ answer, fault, pass }) =>
            [answer, fault, pass].filter((what) => what !== undefined).length === 1 ||
            "Expected one of fault, answer, pass",
        ),
      ),
  ),
})

const reading = { errors: "all", onExcessProperty: "error" } as const
const check = Schema.decodeUnknownEffect(Schema.fromJsonString(Written), reading)
const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(Script), reading)

/** Read the text of a file. Errors: `Unreadable`. The names of its faults are read by `apply`. */
export const parse = (text: string): Effect.Effect<Script, Unreadable> =>
  Effect.andThen(check(text), decode(text)).pipe(Effect.mapError((error) => new Unreadable({ detail: error.message })))

const responseOf = ({ headers, json: body, status, text }: Answer): Response =>
  (body === undefined ? answer(status, text, headers) : json(status, body, headers)).response

/** A letter is sent, and not answered: it can go wrong or pass. */
const turnOf = (step: Step, count: number): Effect.Effect<Fault.Turn, Fault.Unrecognised> => {
  if ("pass" in step) return Effect.succeed({ fault: undefined, parameter: undefined, count })
  if ("fault" in step) return Effect.map(Fault.parse(`${step.fault}@${step.on}`), (turn) => ({ ...turn, count }))
  const known = Fault.Stage.literals.filter((stage) => stage !== step.on)
  return new Fault.Unrecognised({ given: `${step.answer.status}@${step.on}`, problem: "Unfit", known })
}

/** Put a story before a service. Errors: `Unrecognised`, for a fault that is not known, or cannot happen here. */
export const apply = <R>(
  handler: Handler<R>,
  script: Script,
  hooks: Fault.Hooks,
): Effect.Effect<Handler<R>, Fault.Unrecognised> =>
  Effect.gen(function* () {
    const steps: Array<Planned<R>> = []
    const turns: Array<Fault.Turn> = []
    for (const step of script.steps) {
      const { on: stage, times: count = 1 } = step
      if (stage === "webhook") turns.push(yield* turnOf(step, count))
      else if ("pass" in step) steps.push({ stage, count, name: "pass", own: handler })
      else if ("answer" in step) {
        const response = responseOf(step.answer)
        const own = () => Effect.succeed(Behaviour.Answered({ response }))
        steps.push({ stage, count, name: String(response.status), own })
      } else {
        const { fault, parameter } = yield* Fault.parse(`${step.fault}@${stage}`)
        steps.push({ stage, count, name: fault.name, parameter })
      }
    }
    yield* Fault.fit({ steps, turns }, hooks)
    return inTurn(handler, steps, hooks)
  })
