/** `tenuto run`: submit, wait until the work is settled, print the output. */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Client from "@tenuto/core/Client"
import * as Drafting from "../drafting.ts"
import * as Chronicle from "../chronicle.ts"
import * as Flags from "../flags.ts"
import * as Report from "../report.ts"
import * as Result from "../result.ts"
import * as Verdict from "../verdict.ts"

const { account, baseUrl, input, journal, json, key, operation, out, record, reference, report, service, within, set } =
  Flags

export const run = Command.make(
  "run",
  { service, operation, input, baseUrl, set, key, reference, within, journal, account, record, out, report, json },
  Effect.fn(
    function* (given) {
      const { draft, session, ...drafted } = yield* Drafting.make(given)
      const context = { ...drafted.context, out: given.out }
      const report = yield* Report.make(given.json)
      const left = yield* Drafting.waiting(given.within)
      const work = Effect.flatMap(Client.run(draft, Drafting.wait(given.within)), (output) =>
        Result.take(context, draft.operation, output, given.out, left),
      )
      const output = yield* Verdict.conclude(context, report, Effect.provide(work, session.layer))
      const handle = Report.handleOf(yield* report.state)
      yield* Verdict.succeed(context, "Succeeded", handle, output)
      if (handle !== undefined && Option.isNone(given.out)) yield* Result.hint(context, handle)
    },
    Effect.scoped,
    Chronicle.keep("run"),
  ),
).pipe(
  Command.withDescription("Submit work, wait until it is settled and print its output"),
  Command.withExamples([
    {
      command: `tenuto run soundpiece create.new_song --input '{"lyrics":"Hold the note","prompt":"Slow waltz"}' --out .`,
      description: "Make a song and save it here",
    },
    {
      command: "tenuto run soundpiece create.new_song --input @song.json --within 10m --journal jobs.db",
      description: "Survive a crash: tenuto recover --journal jobs.db goes on",
    },
    {
      command: "tenuto run soundpiece create.new_song --input @song.json --record run.json",
      description: "Keep what was sent and answered, without secrets",
    },
    {
      command: "tenuto run soundpiece create.new_song --input - --key 5e2d… --json < song.json",
      description: "Ask for the same work again, and read what happens line by line",
    },
  ]),
)
