/** Recordings: what a command sent and was answered, kept as a cassette without secrets, and played again. */
import { readFile } from "node:fs/promises"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type { Transport } from "@tenuto/http/Transport"
import type { Played } from "@tenuto/testkit/Cassette"
import * as Chronicle from "./chronicle.ts"
import { type Ended, Usage } from "./exit.ts"
import * as Screen from "./screen.ts"

/**
 * Keep what a transport carries, and write it when the command ends, however that is. Whether it can be written is found
 * out before anything is sent; the work does not fail with what goes wrong later, which is told.
 *
 * Errors: `Ended`, when the file cannot be written.
 */
export const keep = (
  file: string,
  transport: Layer.Layer<Transport>,
  secrets: ReadonlyArray<string>,
): Effect.Effect<Layer.Layer<Transport>, Ended> =>
  Effect.map(
    Effect.andThen(
      Effect.catch(Chronicle.check(file), Chronicle.unwritten),
      Effect.promise(() =>
        Promise.all([import("@tenuto/testkit/Cassette"), import("@tenuto/transport-node/AtomicFile")]),
      ),
    ),
    ([Cassette, AtomicFile]) => {
      const write = Effect.fnUntraced(function* (recorded: typeof Cassette.recorded) {
        const text = Cassette.render(yield* recorded)
        yield* AtomicFile.write(file, Stream.succeed(new TextEncoder().encode(text)))
      })
      const writing = Layer.effectDiscard(
        Effect.flatMap(Cassette.Recorder, (recorder) =>
          Effect.addFinalizer(() =>
            write(Cassette.recorded).pipe(
              Effect.provideService(Cassette.Recorder, recorder),
              Effect.catch(({ message }) => Screen.tell(`tenuto: --record: ${message}`)),
            ),
          ),
        ),
      )
      return Layer.provideMerge(writing, Cassette.recording(transport, { values: secrets }))
    },
  )

/** Play a file as a service. Errors: `Usage`. */
export const play = Effect.fnUntraced(function* (
  file: string,
  volatile: ReadonlyArray<string>,
): Effect.fn.Return<Played, Usage> {
  const Cassette = yield* Effect.promise(() => import("@tenuto/testkit/Cassette"))
  const refused = (message: string) =>
    new Usage({ problem: `--cassette: ${file}: ${message}`, way: "give a file that --record wrote" })
  const text = yield* Effect.tryPromise({
    try: () => readFile(file, "utf8"),
    catch: () => refused("it cannot be read"),
  })
  const cassette = yield* Effect.mapError(Cassette.parse(text), ({ message }) => refused(message))
  return yield* Cassette.play(cassette, { volatile })
})
