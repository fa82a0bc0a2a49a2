/** `tenuto cancel`: ask the service to end the work, and say what that did. */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Client from "@tenuto/core/Client"
import { codes, Ended } from "../exit.ts"
import * as Flags from "../flags.ts"
import * as Report from "../report.ts"
import * as Screen from "../screen.ts"
import * as Session from "../session.ts"
import * as Verdict from "../verdict.ts"

const { baseUrl, json, set } = Flags

const did: Readonly<Record<Client.Cancellation["_tag"], string>> = {
  Asked: "the service was asked to cancel it; settle tells how it ends",
  TooLate: "it was too late: it had ended before",
  NotOffered: "the service offers no cancellation; the work goes on",
}

export const cancel = Command.make(
  "cancel",
  { handle: Flags.handle, baseUrl, set, json },
  Effect.fn(function* (given) {
    const handle = yield* Flags.handleOf(given.handle)
    const settings = { baseUrl: given.baseUrl, set: given.set, journal: Option.none() }
    const { layer, operation } = yield* Session.ofHandle(handle, settings)
    const report = yield* Report.make(given.json)
    const context = { ...settings, operation, isJson: given.json }
    const work = Effect.provide(Client.cancel(operation, handle), layer)
    const { _tag } = yield* Verdict.conclude(context, report, work)
    yield* given.json ? Screen.json({ outcome: _tag, handle }) : Screen.out(`${handle.id}: ${did[_tag]}`)
    if (_tag !== "Asked") return yield* new Ended({ code: codes.Rejected })
  }),
).pipe(
  Command.withDescription(
    "Ask the service to cancel work; exits with 10 when it could not be asked or it was too late",
  ),
  Command.withShortDescription("Ask the service to cancel work"),
  Command.withExamples([{ command: "tenuto cancel @handle.json", description: "Interrupting a wait never does this" }]),
)
