/** Broken transports: each wraps the one in memory, and makes one mistake. */
import { Duration, Effect, Fiber, Layer, Stream } from "effect"
import { Transport, Unanswered, Unsent } from "@tenuto/http/Transport"
import { reveal, type Request, type Response } from "@tenuto/http/Exchange"
import type * as Conformance from "@tenuto/testkit/Conformance"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as VirtualClock from "@tenuto/testkit/VirtualClock"
import type { Mutants } from "./mutant.ts"

type Service = Transport["Service"]
type Change = (real: Service) => Partial<Service>

export const changed = (layer: Layer.Layer<Transport>, change: Change): Layer.Layer<Transport> =>
  Layer.effect(
    Transport,
    Effect.map(Transport, (real) => ({ ...real, ...change(real) })),
  ).pipe(Layer.provide(layer))

const broken = (change: Change): Conformance.Carrier => ({
  clock: "Virtual",
  layer: (handler) => changed(VirtualClock.transport(Emulator.layerMemory(handler)), change),
})

type Send = Service["send"]
export const sending = (send: (real: Send, ...given: Parameters<Send>) => ReturnType<Send>): Change => {
  return (real) => ({ send: (request, limits) => send(real.send, request, limits) })
}
type Open = Service["open"]
export const opening = (open: (real: Open, ...given: Parameters<Open>) => ReturnType<Open>): Change => {
  return (real) => ({ open: (request, limits) => open(real.open, request, limits) })
}

/** Where an answer sends a client on to, with everything it carries. */
export const follow =
  (real: Send): Send =>
  (request, limits) =>
    Effect.flatMap(real(request, limits), (answer) => {
      const { location } = answer.headers
      if (answer.status < 300 || answer.status > 399 || location === undefined) return Effect.succeed(answer)
      return real({ ...request, url: new URL(location, reveal(request.url)).href }, limits)
    })

const empty: Response = { status: 200, headers: {}, body: new Uint8Array(0) }
/** What was lost is a success. */
export const hopeful = (problems: ReadonlyArray<string>) =>
  sending((real, request, limits) =>
    Effect.catchTag(real(request, limits), "Unanswered", (error) =>
      problems.includes(error.problem) ? Effect.succeed(empty) : Effect.fail(error),
    ),
  )
const misnamed = (change: (error: Unsent | Unanswered, request: Request) => Unsent | Unanswered) =>
  sending((real, request, limits) => Effect.mapError(real(request, limits), (error) => change(error, request)))

const isReset = (error: Unsent | Unanswered) => error.problem === "Reset"
const timeout = (detail: string) => new Unanswered({ problem: "Timeout", detail })
const forever = Duration.days(1)
const cut = [
  "a body that was cut off is no answer",
  "a body that was cut off by a reset is no answer",
  "a body shorter than it said is no answer",
]

const plain = (text: string) => text.replaceAll(/[\r\n]+|[^ -\u00ff]/g, "")

export const transports: Mutants<Conformance.Carrier> = {
  "a body is read as text and written again": {
    subject: broken(
      sending((real, request, limits) => {
        const body = new TextEncoder().encode(new TextDecoder().decode(request.body))
        return real({ ...request, body }, limits)
      }),
    ),
    caughtBy: ["a request arrives as it was given: method, path, headers and every byte"],
  },
  "a POST that was answered 500 is sent three times": {
    subject: broken(
      sending((real, request, limits) =>
        Effect.repeat(real(request, limits), { until: ({ status }) => Effect.succeed(status < 500), times: 2 }),
      ),
    ),
    caughtBy: ["every status is an answer, and is asked for once"],
  },
  "a 404 is thrown": {
    subject: broken(
      sending((real, request, limits) =>
        Effect.flatMap(real(request, limits), (answer) =>
          answer.status === 404
            ? Effect.fail(new Unanswered({ problem: "Unknown", detail: "404" }))
            : Effect.succeed(answer),
        ),
      ),
    ),
    caughtBy: ["every status is an answer, and is asked for once"],
  },
  "a redirect is followed with the authorization header": {
    subject: broken(({ send }) => ({ send: follow(send) })),
    caughtBy: ["no redirect is followed, and no credential goes elsewhere"],
  },
  "headers keep the case they came in": {
    subject: broken(
      sending((real, request, limits) =>
        Effect.map(real(request, limits), ({ headers, ...answer }) => ({
          ...answer,
          headers: Object.fromEntries(
            Object.entries(headers).map(([name, value]) => [
              name.replace(/^./, (letter) => letter.toUpperCase()),
              value,
            ]),
          ),
        })),
      ),
    ),
    caughtBy: ["names of headers arrive in lower case, values as they were said"],
  },
  "a HEAD waits for its body": {
    subject: broken(
      sending((real, request, limits) =>
        request.method === "HEAD" ? Effect.delay(real(request, limits), "1 minute") : real(request, limits),
      ),
    ),
    caughtBy: ["HEAD, 204 and 304 have no body, whatever length is told"],
  },
  "two requests share the place of their answer": {
    subject: broken((real) => {
      let last = empty
      return {
        send: (request, limits) =>
          Effect.gen(function* () {
            last = yield* real.send(request, limits)
            yield* Effect.sleep("1 millis")
            return last
          }),
      }
    }),
    caughtBy: ["requests at the same time keep their own answers"],
  },
  "a body fills the memory": {
    subject: broken(sending((real, request, limits) => real(request, { ...limits, maxBytes: 1_000_000_000n }))),
    caughtBy: ["no more of an answer is read than may be"],
  },
  "a dropped socket is six POSTs": {
    subject: broken(
      sending((real, request, limits) => Effect.retry(real(request, limits), { while: isReset, times: 5 })),
    ),
    caughtBy: ["a reset after the request was read is Unanswered, and nothing is sent again"],
  },
  "a reset is called proof that nothing was sent": {
    subject: broken(
      misnamed((error) => (isReset(error) ? new Unsent({ problem: "Unreachable", detail: "reset" }) : error)),
    ),
    caughtBy: ["a reset after the request was read is Unanswered, and nothing is sent again"],
  },
  "an error holds the request with its bearer token": {
    subject: broken(
      misnamed(({ message }, { headers }) => {
        const detail = `${message} ${Object.values(headers).map(reveal).join()}`
        return new Unanswered({ problem: "Reset", detail })
      }),
    ),
    caughtBy: ["a reset after the request was read is Unanswered, and nothing is sent again"],
  },
  "half a body is a success": { subject: broken(hopeful(["Truncated", "Reset"])), caughtBy: cut },
  "garbage is an empty success": {
    subject: broken(hopeful(["Malformed"])),
    caughtBy: ["bytes that are not HTTP are no answer"],
  },
  "a refusal leaves the caller in doubt": {
    subject: broken(
      misnamed((error) =>
        error._tag === "Unsent" ? new Unanswered({ problem: "Unknown", detail: "fetch failed" }) : error,
      ),
    ),
    caughtBy: ["Unsent is said of a port that refuses and of a name without address"],
  },
  "what is wrong with a header is mended in silence": {
    subject: broken(
      sending((real, request, limits) => {
        const headers = Object.entries(request.headers).map(([name, value]) => [plain(name), plain(reveal(value))])
        return real({ ...request, headers: Object.fromEntries(headers) }, limits)
      }),
    ),
    caughtBy: ["a request that is none is not sent, and none of it is shown"],
  },
  "a time-out is called proof that nothing was sent": {
    subject: broken(
      misnamed((error) =>
        error.problem === "Timeout" ? new Unsent({ problem: "ConnectTimeout", detail: "late" }) : error,
      ),
    ),
    caughtBy: ["a time-out ends the wait when it says, as Unanswered"],
  },
  "a time-out is seen long after": {
    subject: broken(
      sending((real, request, limits) => real(request, { ...limits, timeout: Duration.times(limits.timeout, 69) })),
    ),
    caughtBy: ["a time-out ends the wait when it says, as Unanswered", "a time-out bounds the body too"],
  },
  "a time-out ends with the first line of the answer": {
    subject: broken((real) => ({
      send: (request, limits) =>
        Effect.scoped(
          Effect.gen(function* () {
            const { body, ...head } = yield* real.open(request, limits)
            return { ...head, body: Buffer.concat(yield* Stream.runCollect(body)) }
          }),
        ),
    })),
    caughtBy: ["a time-out bounds the body too"],
  },
  "an abort is seen when the answer has come": {
    subject: broken(sending((real, request, limits) => Effect.uninterruptible(real(request, limits)))),
    caughtBy: ["interrupting is seen at once, and the service sees the client go"],
  },
  "the request goes on behind a wait that is over": {
    subject: broken(
      sending((real, request, limits) =>
        Effect.flatMap(Effect.forkDetach(real(request, { ...limits, timeout: forever })), Fiber.join).pipe(
          Effect.timeoutOrElse({ duration: limits.timeout, orElse: () => Effect.fail(timeout("late")) }),
        ),
      ),
    ),
    caughtBy: [
      "interrupting is seen at once, and the service sees the client go",
      "what is late lets its connection go",
    ],
  },
  "a stream is a body read to its end first": {
    subject: broken((real) => ({
      open: (request) =>
        Effect.map(real.send(request, { timeout: forever, maxBytes: 1_000_000n }), (answer) => ({
          ...answer,
          body: Stream.make(answer.body),
        })),
    })),
    caughtBy: ["a stream brings every byte in order, and begins before the body has ended"],
  },
  "a stream loses its last piece": {
    subject: broken(
      opening((real, request, limits) =>
        Effect.map(real(request, limits), (opened) => ({ ...opened, body: Stream.dropRight(opened.body, 1) })),
      ),
    ),
    caughtBy: ["a stream brings every byte in order, and begins before the body has ended"],
  },
  "the time-out of its request cuts a download off": {
    subject: broken(
      opening((real, request, limits) =>
        Effect.map(real(request, limits), (opened) => ({
          ...opened,
          body: Stream.interruptWhen(opened.body, Effect.delay(Effect.fail(timeout("late")), limits.timeout)),
        })),
      ),
    ),
    caughtBy: ["a stream may take longer than its time-out, as long as it is not silent"],
  },
  "a stream waits for ever": {
    subject: broken(opening((real, request) => real(request, { timeout: forever }))),
    caughtBy: ["silence in a stream is a time-out"],
  },
  "a stream that breaks off has ended": {
    subject: broken(
      opening((real, request, limits) =>
        Effect.map(real(request, limits), (opened) => ({
          ...opened,
          body: Stream.catchTag(opened.body, "Unanswered", () => Stream.empty),
        })),
      ),
    ),
    caughtBy: ["a stream that breaks off hands over what came, and then says so"],
  },
}
