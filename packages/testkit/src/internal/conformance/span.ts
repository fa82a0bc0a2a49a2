/** How long any transport goes on, and what it owes while an answer is on its way. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { Behaviour } from "../../Behaviour.ts"
import * as Case from "../../Case.ts"
import { type Carrier, carry, fails, limits, longer, patienceOf, request, soon } from "./carried.ts"
import { demand, elapsed, same, within } from "./demand.ts"
import { always, holding, response, song } from "./service.ts"

const text = new TextDecoder()
const double = (span: Duration.Duration) => Duration.times(span, 2)

const make = (
  law: number,
  name: string,
  exists: string,
  judge: (carrier: Carrier) => Effect.Effect<void, unknown, Scope.Scope>,
) => Case.make({ law, name, exists }, judge)

const spans: ReadonlyArray<Case.Case<Carrier>> = [
  make(
    7,
    "a time-out ends the wait when it says, as Unanswered",
    "a time-out of 100 ms that is seen after 6.9 s, or called proof that nothing was sent",
    (carrier) =>
      Effect.flatMap(holding, ({ came, handler }) =>
        carry(handler, ({ patience, send }) =>
          Effect.gen(function* () {
            const late = fails("silence", send("/a", {}, { timeout: patience }), "Unanswered", ["Timeout"])
            const { took } = yield* elapsed(within(double(patience), "the end of the wait")(late))
            yield* demand(took >= Duration.toMillis(patience) - 5, `it ended after ${took} ms`)
            yield* soon(came)
          }),
        )(carrier),
      ),
  ),
  make(7, "a time-out bounds the body too", "a time-out that ends with the first line of the answer", (carrier) => {
    const patience = patienceOf(carrier)
    const piece = { bytes: 10, every: Duration.times(patience, 0.4) }
    const slow = always(Behaviour.Slowed({ response, head: Duration.zero, piece }))
    return carry(slow, ({ send }) =>
      within(
        double(patience),
        "the end of the wait",
      )(fails("a body that trickles", send("/a", {}, { timeout: patience }), "Unanswered", ["Timeout"])),
    )(carrier)
  }),
  make(
    7,
    "interrupting is seen at once, and the service sees the client go",
    "an abort that is seen after 3 s, by a program that goes on",
    (carrier) =>
      Effect.flatMap(holding, ({ came, handler, left }) =>
        carry(handler, ({ send }) =>
          Effect.gen(function* () {
            const fiber = yield* Effect.forkChild(send("/a"))
            yield* soon(came)
            yield* within("1 second", "the end of what was interrupted")(Fiber.interrupt(fiber))
            yield* within("1 second", "the end of the connection")(left)
          }),
        )(carrier),
      ),
  ),
  make(7, "what is late lets its connection go", "a socket that stays open behind a wait that is over", (carrier) =>
    Effect.flatMap(holding, ({ came, handler, left }) =>
      carry(handler, ({ patience, send }) =>
        Effect.gen(function* () {
          const fiber = yield* Effect.forkChild(Effect.exit(send("/a", {}, { timeout: patience })))
          yield* soon(came)
          yield* within(double(patience), "the end of the wait")(Fiber.join(fiber))
          yield* within("1 second", "the end of the connection")(left)
        }),
      )(carrier),
    ),
  ),
]

const streams: ReadonlyArray<Case.Case<Carrier>> = [
  make(
    0,
    "a stream brings every byte in order, and begins before the body has ended",
    "a stream that is a body read to its end first",
    (carrier) => {
      const every = Duration.times(patienceOf(carrier), 0.3)
      const piece = { bytes: 20, every }
      const slow = always(Behaviour.Slowed({ response, head: Duration.zero, piece }))
      return carry(slow, ({ open, origin }) =>
        Effect.gen(function* () {
          const opened = yield* open(request(`${origin}/a`), limits(longer(patienceOf(carrier))))
          yield* same("the status", opened.status, 200)
          const reading = within(Duration.times(every, 100), "the end of the body")(Stream.runCollect(opened.body))
          const { value: chunks, took } = yield* elapsed(reading)
          yield* demand(took >= Duration.toMillis(every), `its body came within ${took} ms of its first line`)
          const seen = chunks.map((chunk) => text.decode(chunk)).join("")
          yield* same("the body", seen, text.decode(song))
        }),
      )(carrier)
    },
  ),
  make(
    7,
    "a stream may take longer than its time-out, as long as it is not silent",
    "a download that is cut off in the middle by the time-out of its request",
    (carrier) => {
      // Room for a machine that does other work: silence is a tenth of what is allowed.
      const patience = Duration.times(patienceOf(carrier), 4)
      const piece = { bytes: 16, every: Duration.times(patience, 0.1) }
      const slow = always(Behaviour.Slowed({ response, head: Duration.zero, piece }))
      return carry(slow, ({ open, origin }) =>
        Effect.gen(function* () {
          const { body } = yield* open(request(`${origin}/a`), { timeout: patience })
          const { value, took } = yield* elapsed(Stream.runCollect(body))
          const size = value.reduce((sum, { byteLength }) => sum + byteLength, 0)
          yield* same("bytes", size, song.byteLength)
          yield* demand(took > Duration.toMillis(patience), "it took no longer than the time-out")
        }),
      )(carrier)
    },
  ),
  make(7, "silence in a stream is a time-out", "a stream that waits for ever", (carrier) => {
    const patience = patienceOf(carrier)
    const piece = { bytes: 100, every: Duration.times(patience, 3) }
    const slow = always(Behaviour.Slowed({ response, head: Duration.zero, piece }))
    return carry(slow, ({ open, origin }) =>
      Effect.gen(function* () {
        const { body } = yield* open(request(`${origin}/a`), { timeout: patience })
        const read = Stream.runDrain(body)
        yield* within(double(patience), "the end of the wait")(fails("silence", read, "Unanswered", ["Timeout"]))
      }),
    )(carrier)
  }),
  make(
    3,
    "a stream that breaks off hands over what came, and then says so",
    "a file that ends in the middle and is a success",
    carry(always(Behaviour.Truncated({ response, bytes: 50, isReset: false })), ({ open, origin }) =>
      Effect.gen(function* () {
        const { body } = yield* open(request(`${origin}/a`), limits())
        const seen = yield* Ref.make("")
        const read = Stream.runForEach(body, (chunk) => Ref.update(seen, (all) => all + text.decode(chunk)))
        yield* soon(fails("half a stream", read, "Unanswered", ["Truncated", "Reset"]))
        yield* same("what came before", yield* Ref.get(seen), text.decode(song.subarray(0, 50)))
      }),
    ),
  ),
]

/** Bounds, and streams. */
export const cases: ReadonlyArray<Case.Case<Carrier>> = [...spans, ...streams]
