/** `tenuto coverage`: which faults a suite has played, at which stages of which services, and which it has not. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Stage } from "@tenuto/testkit/Fault"
import { ended, Usage } from "../exit.ts"
import * as Flags from "../flags.ts"
import * as Screen from "../screen.ts"
import * as Services from "../services.ts"

const file = Argument.String("file").pipe(
  Argument.withDescription("What the suite wrote; when left out, the file that TENUTO_COVERAGE names"),
  Argument.optional,
)
const min = Flag.Int("min").pipe(
  Flag.filter(
    (given) => given >= 0 && given <= 100,
    () => "0 to 100",
  ),
  Flag.withMetavar("percent"),
  Flag.withDescription("End with 1, and say what is missing, when less is covered"),
  Flag.optional,
)

const service = Flag.String("service").pipe(
  Flag.withMetavar("name[=stages]"),
  Flag.withDescription(
    "A service that counts, yours with its stages: choir=submit,look. May be given several times; the known ones when left out",
  ),
  Flag.atLeast(0),
)

/** A service that sends letters has a stage of which no request is. */
const stagesOf = ({ courier, hooks: { stages = [] } }: Services.Emulated): ReadonlyArray<Stage> =>
  courier === undefined ? stages : [...stages, "webhook"]

const known = Effect.fnUntraced(function* ({ emulator, name }: Services.Service) {
  const { make } = yield* emulator
  return [name, stagesOf(yield* make({}))] as const
})

/** A service by its name, or one of the user's own: `choir=submit,look`. Errors: `Usage`. */
const given = Effect.fnUntraced(function* (text: string) {
  const at = text.indexOf("=")
  if (at < 0) return yield* known(yield* Services.find(text))
  const name = text.slice(0, at)
  if (name === "")
    return yield* new Usage({ problem: `--service: "${text}" names no service`, way: "choir=submit,look" })
  const { Stage } = yield* Effect.promise(() => import("@tenuto/testkit/Fault"))
  const words = text.slice(at + 1).split(",")
  const strange = words.find((word) => !Stage.literals.some((stage) => stage === word))
  if (strange !== undefined) {
    const way = `the stages are ${Stage.literals.join(", ")}`
    return yield* new Usage({ problem: `--service: "${strange}" is no stage`, way })
  }
  return [name, Stage.literals.filter((stage) => words.includes(stage))] as const
})

/** Errors: `Usage`. */
const scopeOf = Effect.fnUntraced(function* (texts: ReadonlyArray<string>) {
  const services = texts.length === 0 ? Effect.forEach(Services.all, known) : Effect.forEach(texts, given)
  return { services: Object.fromEntries(yield* services) }
})

export const coverage = Command.make(
  "coverage",
  { file, min, service, json: Flags.json },
  Effect.fn(function* (options) {
    const scope = yield* scopeOf(options.service)
    const Coverage = yield* Effect.promise(() => import("@tenuto/testkit/Coverage"))
    const name = Option.getOrUndefined(options.file) ?? (yield* Coverage.file)
    if (name === undefined) {
      const way = "run the suite with TENUTO_COVERAGE=coverage.jsonl, and name that file here"
      return yield* new Usage({ problem: "there is no file to read", way })
    }
    const records = yield* Effect.mapError(Coverage.read(name), ({ message }) => {
      const way =
        "give the file that the suite wrote with TENUTO_COVERAGE set; each of its lines is a fault that was played"
      return new Usage({ problem: message, way })
    })
    const { covered, missing, percent, rows, text, total, unknown } = Coverage.table(records, scope)
    const isEnough = Option.match(options.min, { onNone: () => true, onSome: (least) => percent >= least })
    yield* options.json ? Screen.json({ covered, total, percent, rows, unknown }) : Screen.out(text)
    if (unknown.length > 0) yield* Screen.tell(`tenuto: in no cell of the table: ${unknown.join(", ")}`)
    if (isEnough) return
    const least = Option.getOrElse(options.min, () => 0)
    yield* Screen.tell(
      `tenuto: ${percent} % is covered, and --min asks for ${least} %; missing:\n  ${missing.join("\n  ")}`,
    )
    return yield* ended("Uncovered")
  }),
).pipe(
  Command.withDescription(
    "Say which faults a suite has played, at which stages of which services, and which it has not",
  ),
  Command.withExamples([
    {
      command: "TENUTO_COVERAGE=coverage.jsonl npm test",
      description: "Any suite whose rehearsals name their service",
    },
    { command: "tenuto coverage coverage.jsonl", description: "The table" },
    {
      command: "tenuto coverage coverage.jsonl --service soundpiece --min 80",
      description: "For a build that must not fall below",
    },
  ]),
)
