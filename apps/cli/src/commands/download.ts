/** `tenuto download`: fetch the files of finished work. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Artifact } from "@tenuto/core/Artifact"
import * as Client from "@tenuto/core/Client"
import { wait, waiting } from "../drafting.ts"
import { Usage } from "../exit.ts"
import * as Files from "../files.ts"
import * as Flags from "../flags.ts"
import * as Report from "../report.ts"
import * as Screen from "../screen.ts"
import * as Session from "../session.ts"
import { known } from "../text.ts"
import * as Verdict from "../verdict.ts"

const { baseUrl, json, out, within, set } = Flags

const artifact = Argument.String("artifact").pipe(
  Argument.withDescription("One file by its name in the output, such as outputs.0; every file when left out, no pages"),
  Argument.optional,
)

const choose = (all: ReadonlyArray<Artifact>, name: Option.Option<string>) => {
  if (Option.isNone(name)) return Effect.succeed(all.filter((one) => !Files.isPage(one)))
  const chosen = all.filter((one) => one.name === name.value)
  if (chosen.length > 0) return Effect.succeed(chosen)
  const names = all.map((one) => one.name)
  return Effect.fail(new Usage({ problem: `the output has no file "${name.value}"`, way: known(name.value, names) }))
}

export const download = Command.make(
  "download",
  { handle: Flags.handle, artifact, baseUrl, set, within, out, json },
  Effect.fn(function* (given) {
    const handle = yield* Flags.handleOf(given.handle)
    const settings = { baseUrl: given.baseUrl, set: given.set, journal: Option.none() }
    const { layer, operation } = yield* Session.ofHandle(handle, settings)
    const report = yield* Report.make(given.json)
    const left = yield* waiting(given.within)
    const context = { ...settings, operation, isJson: given.json, out: given.out }
    const finished = Effect.flatMap(Client.settle(operation, handle, wait(given.within)), (output) =>
      Files.treeOf(operation, output),
    )
    const tree = yield* Verdict.conclude(context, report, Effect.provide(finished, layer))
    const all = Files.artifacts(tree)
    const chosen = yield* choose(all, given.artifact)
    const saving = Files.save(
      operation,
      all,
      chosen,
      Option.getOrElse(given.out, () => "."),
      left,
    )
    const saved = yield* Verdict.conclude(context, report, Effect.provide(saving, layer))
    if (given.json) return yield* Screen.json({ outcome: "Succeeded", handle, output: [...saved.values()] })
    for (const { file } of saved.values()) yield* Screen.out(file)
  }, Effect.scoped),
).pipe(
  Command.withDescription("Download the files of finished work and print their paths; waits if it is still going on"),
  Command.withExamples([
    { command: "tenuto download @handle.json --out songs", description: "Every file" },
    { command: "tenuto download @handle.json outputs.0", description: "One file, into this directory" },
  ]),
)
