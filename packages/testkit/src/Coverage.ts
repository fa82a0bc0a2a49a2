/**
 * Which faults a suite has played, at which stages of which services: fault × stage × service, and what is missing.
 *
 * Every `Rehearsal.play` that names its service appends what was played to the file that `TENUTO_COVERAGE` names, in whole
 * lines, so that any number of processes may write to one file. Without the variable nothing is written. Where there is no
 * rehearsal, `note(of("choir", recorder))` does the same for a recorder of `Transcript`. It counts what a fault was played
 * on, and never whether a test made anything of it: that is what `Checks` is for.
 *
 * ```text
 * {"service":"soundpiece","stage":"submit","fault":"reset-after-commit"}
 * ```
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Coverage from "@tenuto/testkit/Coverage"
 *
 * const lines = '{"service":"choir","stage":"look","fault":"503"}\n'
 * const table = Effect.map(Coverage.parse(lines), (records) => Coverage.table(records, { services: { choir: ["look"] } }))
 * const { covered, missing, text } = await Effect.runPromise(table)
 * console.log(text) // choir  look  1 of 25 …
 * console.log(covered, missing.length)
 * ```
 */
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Fault from "./Fault.ts"
import { append, read as readFile } from "./internal/files.ts"
import type { Transcript } from "./Transcript.ts"

/** A fault that was played, once or more. */
export const Covered = Schema.Struct({ service: Schema.String, stage: Schema.String, fault: Schema.String })
export type Covered = typeof Covered.Type

/** A file of records cannot be read: there is none, or this line of it (from 1) is none. */
export class Unreadable extends Schema.TaggedError<Unreadable>()("Unreadable", {
  file: Schema.String,
  line: Schema.optionalKey(Schema.Int),
  detail: Schema.String,
}) {
  override get message() {
    return `${this.file}${this.line === undefined ? "" : `, line ${this.line}`}: ${this.detail}`
  }
}

/** The file that `TENUTO_COVERAGE` names cannot be written. */
export class Unwritten extends Schema.TaggedError<Unwritten>()("Unwritten", {
  file: Schema.String,
  detail: Schema.String,
}) {
  override get message() {
    return `the coverage of this run is lost, ${this.file} cannot be written: ${this.detail}; name another file in TENUTO_COVERAGE`
  }
}

const unique = (records: ReadonlyArray<Covered>): ReadonlyArray<Covered> =>
  Array.from(new Map(records.map((record) => [nameOf(record), record])).values())
const nameOf = ({ fault, service, stage }: Covered): string => JSON.stringify([service, stage, fault])

/** What a run has covered. */
export const of = (
  service: string,
  { exchanges, letters = [] }: Pick<Transcript, "exchanges" | "letters">,
): ReadonlyArray<Covered> =>
  unique([
    ...exchanges.flatMap(({ fault, stage }) =>
      fault === undefined || stage === undefined ? [] : [{ service, stage, fault }],
    ),
    ...letters.map(({ fault }) => ({ service, stage: "webhook", fault })),
  ])

const variable = Config.option(Config.String("TENUTO_COVERAGE"))

/** The file that is named by the environment as it is now, if one is. */
export const file: Effect.Effect<string | undefined> = Effect.suspend(() =>
  variable.parse(ConfigProvider.fromEnv()),
).pipe(
  Effect.map((given) => Option.getOrUndefined(Option.filter(given, (name) => name !== ""))),
  Effect.orDie,
)

/** Append records to a file; by default to the one that `TENUTO_COVERAGE` names, or nowhere. Errors: `Unwritten`. */
export const note = Effect.fnUntraced(function* (records: ReadonlyArray<Covered>, to?: string) {
  const name = to ?? (yield* file)
  if (name === undefined || records.length === 0) return
  const lines = unique(records).map((record) => `${JSON.stringify(record)}\n`)
  yield* Effect.mapError(append(name, lines.join("")), (detail) => new Unwritten({ file: name, detail }))
})

const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(Covered))

/** Read lines of JSON; `name` is said in errors. Errors: `Unreadable`. */
export const parse = (text: string, name = "the coverage"): Effect.Effect<ReadonlyArray<Covered>, Unreadable> =>
  Effect.map(
    Effect.forEach(text.split("\n"), (line, index) =>
      line.trim() === ""
        ? Effect.succeed([])
        : Effect.mapBoth(decode(line), {
            onSuccess: (record) => [record],
            onFailure: ({ message }) => new Unreadable({ file: name, line: index + 1, detail: message }),
          }),
    ),
    (records) => records.flat(),
  )

/** Read a file. Errors: `Unreadable`. */
export const read = (name: string): Effect.Effect<ReadonlyArray<Covered>, Unreadable> =>
  Effect.flatMap(
    Effect.mapError(readFile(name), (detail) => new Unreadable({ file: name, detail })),
    (text) => parse(text, name),
  )

// --- the table ----------------------------------------------------------------------------------

/** What there is to cover: the stages of each service, by its name. */
export interface Scope {
  readonly services: Readonly<{ readonly [service: string]: ReadonlyArray<Fault.Stage> }>
}

/** One stage of one service. */
export interface Row {
  readonly service: string
  readonly stage: Fault.Stage
  readonly covered: ReadonlyArray<string>
  readonly missing: ReadonlyArray<string>
}

/** What is covered, and what is not. */
export interface Table {
  readonly rows: ReadonlyArray<Row>
  readonly covered: number
  readonly total: number
  /** Of 100, rounded down: 100 is everything. */
  readonly percent: number
  /** As `service: fault@stage`. */
  readonly missing: ReadonlyArray<string>
  /** Records of what is no cell: another service, or a fault of another version. */
  readonly unknown: ReadonlyArray<string>
  readonly text: string
}

const percentOf = (covered: number, total: number): number => (total === 0 ? 100 : Math.floor((100 * covered) / total))

const cells = (names: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => {
  const widths = (names[0] ?? []).map((_, at) => Math.max(...names.map((row) => row[at]?.length ?? 0)))
  return names.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd(),
  )
}

/** Compare what was played with all that could be. A service or stage that the scope does not name counts for nothing. */
export const table = (records: ReadonlyArray<Covered>, { services }: Scope): Table => {
  const played = new Set(records.map(nameOf))
  const rows = Object.entries(services).flatMap(([service, stages]) =>
    stages.map((stage): Row => {
      const names = Fault.all.filter((fault) => fault.stages.includes(stage)).map(({ name }) => name)
      const isCovered = (fault: string) => played.has(nameOf({ service, stage, fault }))
      return { service, stage, covered: names.filter(isCovered), missing: names.filter((name) => !isCovered(name)) }
    }),
  )
  const known = new Set(
    rows.flatMap(({ covered, service, stage }) => covered.map((fault) => nameOf({ service, stage, fault }))),
  )
  const sayOf = ({ fault, service, stage }: Covered) => `${service}: ${fault}@${stage}`
  const covered = rows.reduce((sum, row) => sum + row.covered.length, 0)
  const total = rows.reduce((sum, row) => sum + row.covered.length + row.missing.length, 0)
  const percent = percentOf(covered, total)
  const unknown = unique(records)
    .filter((record) => !known.has(nameOf(record)))
    .map(sayOf)
  const line = (service: string, stage: string, some: number, all: number, left: string) => [
    service,
    stage,
    `${some} of ${all}`.padStart(9),
    `${percentOf(some, all)} %`.padStart(5),
    left,
  ]
  const lines = rows.map(({ covered, missing, service, stage }) =>
    line(service, stage, covered.length, covered.length + missing.length, missing.join(" ")),
  )
  return {
    rows,
    covered,
    total,
    percent,
    missing: rows.flatMap(({ missing, service, stage }) => missing.map((fault) => sayOf({ service, stage, fault }))),
    unknown,
    text: cells([
      ["service", "stage", "  covered", "     ", "missing"],
      ...lines,
      line("all", "", covered, total, ""),
    ]).join("\n"),
  }
}
