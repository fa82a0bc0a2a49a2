/** The service and its control, until whoever started it closes our standard input. */
import * as Soundpiece from "@tenuto/soundpiece/Emulator"
import * as Control from "@tenuto/testkit/Control"
import * as Effect from "effect/Effect"

const serving = Effect.gen(function* () {
  const addresses = yield* Control.serve({ make: Soundpiece.make({ work: "1 minute" }), moves: "held" })
  console.log(JSON.stringify(addresses))
  yield* Effect.promise(() => new Promise((resolve) => process.stdin.resume().once("end", resolve)))
})
await Effect.runPromise(Effect.scoped(serving))
