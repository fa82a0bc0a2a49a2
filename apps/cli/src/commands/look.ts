/** `tenuto look`: look once and print what was seen. */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Client from "@tenuto/core/Client"
import { Observation } from "@tenuto/core/Observation"
import * as Files from "../files.ts"
import * as Flags from "../flags.ts"
import * as Report from "../report.ts"
import * as Screen from "../screen.ts"
import * as Session from "../session.ts"
import * as Verdict from "../verdict.ts"

const { baseUrl, json, record, set } = Flags

const encode = Schema.encodeSync(Observation)

export const look = Command.make(
  "look",
  { handle: Flags.handle, baseUrl, set, record, json },
  Effect.fn(function* (given) {
    const handle = yield* Flags.handleOf(given.handle)
    const settings = { baseUrl: given.baseUrl, set: given.set, journal: Option.none(), record: given.record }
    const { layer, operation } = yield* Session.ofHandle(handle, settings)
    const report = yield* Report.make(given.json)
    const context = { ...settings, operation, isJson: given.json }
    const seen = yield* Verdict.conclude(context, report, Effect.provide(Client.look(operation, handle), layer))
    const encoded = encode(seen) as { readonly [key: string]: Schema.Json }
    const shown = seen._tag === "Succeeded" ? { ...encoded, output: Files.shown(seen.output) } : encoded
    yield* given.json
      ? Screen.json({ outcome: seen._tag, handle, observation: shown })
      : Screen.out(JSON.stringify(shown, undefined, 2))
  }, Effect.scoped),
).pipe(
  Command.withDescription("Look at work once and print what was seen; exits with 0 whatever it saw"),
  Command.withExamples([
    { command: "tenuto look @handle.json", description: "Is it done yet?" },
    { command: "tenuto submit … | tenuto look -", description: "Straight from submit" },
  ]),
)
