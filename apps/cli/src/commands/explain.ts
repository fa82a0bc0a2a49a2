/** `tenuto explain`: what an answer of a service means, by the same table that the client reads. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { type Stage, Stage as StageSchema } from "@tenuto/core/Evidence"
import * as Reason from "@tenuto/core/Reason"
import * as Remedy from "@tenuto/core/Remedy"
import * as Verdict from "@tenuto/http/Verdict"
import { Usage } from "../exit.ts"
import * as Flags from "../flags.ts"
import * as Screen from "../screen.ts"
import * as Services from "../services.ts"
import { known } from "../text.ts"
import * as Words from "../words.ts"

const stages: ReadonlyArray<Stage> = StageSchema.literals
const isStage = Schema.is(StageSchema)

/** A remedy as JSON; spans in milliseconds, as in everything that is kept. */
const plain = (remedy: Remedy.Remedy): Schema.Json =>
  "after" in remedy ? { ...remedy, after: Duration.toMillis(remedy.after) } : { ...remedy }

const seenOf = (stage: Stage, given: string, code: Option.Option<string>): Verdict.Seen => {
  const named = Option.match(code, { onNone: () => ({}), onSome: (code) => ({ code }) })
  return /^[1-5]\d\d$/.test(given) ? { stage, status: Number(given), ...named } : { stage, code: given, ...named }
}

export const explain = Command.make(
  "explain",
  {
    service: Flags.service,
    stage: Argument.String("stage").pipe(Argument.withDescription(`Where it was seen: ${stages.join(", ")}`)),
    seen: Argument.String("status|code").pipe(
      Argument.withDescription("A status such as 422, or a code such as tos_violation"),
    ),
    code: Argument.String("code").pipe(
      Argument.withDescription("The code that came with the status"),
      Argument.optional,
    ),
    json: Flags.json,
  },
  Effect.fn(function* (given) {
    const service = yield* Services.find(given.service)
    const { stage } = given
    if (!isStage(stage)) {
      return yield* new Usage({ problem: `there is no stage "${stage}"`, way: known(stage, stages) })
    }
    const { operations, table } = yield* service.load
    const seen = seenOf(stage, given.seen, given.code)
    const { reason, source, truth } = Verdict.judge(table.verdicts, seen)
    const [operation] = Object.values(operations)
    if (operation === undefined) return
    const trouble = { _tag: truth, reason, evidence: Verdict.evidenceOf(seen) }
    const remedy = Remedy.of(trouble, operation.contract)
    if (given.json) {
      const { _tag, ...details } = reason
      return yield* Screen.json({
        service: service.name,
        ...seen,
        truth,
        reason: { _tag, ...details },
        remedy: plain(remedy),
        source,
      })
    }
    const rows = [
      ["truth", truth, Words.truths[truth]],
      ["reason", reason._tag, Reason.describe(reason)],
      ["remedy", remedy._tag, Words.advised(remedy)],
      ["source", source, ""],
    ] as const
    for (const [name, tag, words] of rows) yield* Screen.out(`${name.padEnd(8)}${tag.padEnd(16)}${words}`.trimEnd())
  }),
).pipe(
  Command.withDescription(
    "Say what an answer means: what is true of the work, why, what to do, and which page says so",
  ),
  Command.withExamples([
    { command: "tenuto explain soundpiece look 422", description: "A status, at the stage where it was seen" },
    { command: "tenuto explain soundpiece settle tos_violation", description: "A code of work that failed" },
  ]),
)
