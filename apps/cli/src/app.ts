/** The command line as a whole: its commands, its help, and how an end becomes a number. */
import * as CliConfig from "effect/cli/CliConfig"
import * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { cancel } from "./commands/cancel.ts"
import { coverage } from "./commands/coverage.ts"
import { demo } from "./commands/demo.ts"
import { download } from "./commands/download.ts"
import { emulate } from "./commands/emulate.ts"
import { entries } from "./commands/entries.ts"
import { explain } from "./commands/explain.ts"
import { look } from "./commands/look.ts"
import { prune } from "./commands/prune.ts"
import { recover } from "./commands/recover.ts"
import { report } from "./commands/report.ts"
import { replay } from "./commands/replay.ts"
import { run } from "./commands/run.ts"
import { settle } from "./commands/settle.ts"
import { submit } from "./commands/submit.ts"
import { codes, Ended, Usage } from "./exit.ts"
import * as Screen from "./screen.ts"
import * as Services from "./services.ts"

const root = Command.make("tenuto").pipe(
  Command.withDescription(
    [
      'A client for every API that answers "accepted, come back later"',
      "",
      "  Exit codes: 0 succeeded, 10 rejected, 11 uncertain, 12 failed, 13 cancelled or expired, 14 lost, 15 overdue,",
      "  16 unseen, 17 waits for an answer of its caller,",
      "  64 usage, 70 a defect of tenuto, 73 file not written, 74 journal not usable, 130 interrupted,",
      "  1 a replayed story is red, or less is covered than --min asks for",
      "",
      `  API keys are read from the environment: ${Services.variables.join(", ")}`,
    ].join("\n"),
  ),
  Command.withShortDescription("A client for long-running operations"),
  Command.withSubcommands([
    run,
    submit,
    look,
    settle,
    recover,
    entries,
    prune,
    cancel,
    download,
    emulate,
    explain,
    report,
    coverage,
    replay,
    demo,
  ]),
)

/** An invalid command line gets its errors and the way to the help; the whole help would hide them. */
const presenter: CliOutput.Presenter = {
  present: (event) => {
    if (event._tag !== "InvalidInvocation") return CliOutput.defaultPresenter.present(event)
    const { commandPath, errors, helpDoc } = event
    const lines = errors.map(({ message }) => `tenuto: ${message}`)
    return Screen.tell([...lines, `  usage: ${helpDoc.usage}`, `  more: ${commandPath.join(" ")} --help`].join("\n"))
  },
}

const services = Layer.mergeAll(
  NodeServices.layer,
  CliConfig.layer({
    builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions, GlobalFlag.LogLevel],
  }),
  CliOutput.layerPresenter(presenter),
  Logger.layer([Logger.withConsoleError(Logger.formatLogFmt)]),
)

/** Follow a command line. The answer is the number to exit with; it never fails. */
export const follow = (argv: ReadonlyArray<string>, version: string): Effect.Effect<number> =>
  Command.runWith(root, { version })(argv).pipe(
    Effect.as(0),
    Effect.provide(services),
    Effect.catch((error: CliError.CliError | Ended | Usage) => {
      if (error._tag === "Ended") return Effect.succeed(error.code)
      if (error._tag === "Usage") return Effect.as(Screen.tell(`tenuto: ${error.message}`), codes.Usage)
      return Effect.succeed(error._tag === "ShowHelp" && error.errors.length === 0 ? 0 : codes.Usage)
    }),
    Effect.catchCause((cause) =>
      Cause.hasInterruptsOnly(cause) ? Effect.succeed(codes.Interrupted) : Effect.as(broken(cause), codes.Defect),
    ),
  )

const broken = (cause: Cause.Cause<never>): Effect.Effect<void> => {
  const squashed = Cause.squash(cause)
  const what = squashed instanceof Error ? squashed.message : String(squashed)
  const trace = process.env["TENUTO_DEBUG"] === "1" ? `\n${Cause.pretty(cause)}` : ""
  return Screen.tell(
    `tenuto: a defect of ours, not of the service: ${what}\n  please report this line with the command you ran; TENUTO_DEBUG=1 adds where it happened${trace}`,
  )
}
