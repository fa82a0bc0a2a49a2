/** `tenuto submit`: submit and print the handle, without waiting for the work. */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Client from "@tenuto/core/Client"
import * as Drafting from "../drafting.ts"
import * as Chronicle from "../chronicle.ts"
import * as Flags from "../flags.ts"
import * as Report from "../report.ts"
import * as Verdict from "../verdict.ts"

const { account, baseUrl, input, journal, json, key, operation, record, reference, report, service, within, set } =
  Flags

export const submit = Command.make(
  "submit",
  { service, operation, input, baseUrl, set, key, reference, within, journal, account, record, report, json },
  Effect.fn(
    function* (given) {
      const { context, draft, session } = yield* Drafting.make(given)
      const report = yield* Report.make(given.json)
      const work = Effect.provide(Client.submit(draft, Drafting.wait(given.within)), session.layer)
      const handle = yield* Verdict.conclude(context, report, work)
      yield* Verdict.succeed(context, "Accepted", handle, undefined)
    },
    Effect.scoped,
    Chronicle.keep("submit"),
  ),
).pipe(
  Command.withDescription("Submit work and print its handle: all that is needed to find it again, and no secret"),
  Command.withExamples([
    {
      command: "tenuto submit soundpiece create.new_song --input @song.json > handle.json",
      description: "Submit now",
    },
    { command: "tenuto settle @handle.json --out .", description: "Wait for it later, from anywhere" },
  ]),
)
