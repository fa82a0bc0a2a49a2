/** `tenuto settle`: wait until the work behind a handle is settled, print the output. */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Client from "@tenuto/core/Client"
import * as Chronicle from "../chronicle.ts"
import { wait, waiting } from "../drafting.ts"
import * as Flags from "../flags.ts"
import * as Report from "../report.ts"
import * as Result from "../result.ts"
import * as Session from "../session.ts"
import * as Verdict from "../verdict.ts"

const { account, baseUrl, journal, json, out, record, report, within, set } = Flags

export const settle = Command.make(
  "settle",
  { handle: Flags.handle, baseUrl, set, within, journal, account, record, out, report, json },
  Effect.fn(
    function* (given) {
      const handle = yield* Flags.handleOf(given.handle)
      const { layer, operation } = yield* Session.ofHandle(handle, given)
      const report = yield* Report.make(given.json)
      const left = yield* waiting(given.within)
      const context = {
        operation,
        isJson: given.json,
        baseUrl: given.baseUrl,
        set: given.set,
        journal: given.journal,
        account: given.account,
        out: given.out,
      }
      const work = Effect.flatMap(Client.settle(operation, handle, wait(given.within)), (output) =>
        Result.take(context, operation, output, given.out, left),
      )
      const output = yield* Verdict.conclude(context, report, Effect.provide(work, layer))
      yield* Verdict.succeed(context, "Succeeded", handle, output)
      if (Option.isNone(given.out)) yield* Result.hint(context, handle)
    },
    Effect.scoped,
    Chronicle.keep("settle"),
  ),
).pipe(
  Command.withDescription("Wait until the work behind a handle is settled and print its output"),
  Command.withExamples([
    { command: "tenuto settle @handle.json --within 20s --out songs", description: "Wait at most 20 seconds" },
    { command: "tenuto submit … | tenuto settle -", description: "Straight from submit" },
  ]),
)
