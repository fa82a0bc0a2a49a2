/** Broken transports over sockets: each wraps the real one, and makes one mistake. */
import { connect } from "node:net"
import { gzipSync } from "node:zlib"
import { Effect, Exit, Layer, Queue, Scope, Stream } from "effect"
import { Transport, Unanswered, Unsent } from "@tenuto/http/Transport"
import { type Request, reveal } from "@tenuto/http/Exchange"
import * as Conformance from "@tenuto/testkit/Conformance"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import type { Mutants } from "./mutant.ts"
import { changed, follow, hopeful, opening, sending } from "./transports.ts"

type Service = Transport["Service"]
const broken = (change: (real: Service) => Partial<Service>): Conformance.Socketed => ({
  layer: changed(NodeTransport.layer, change),
})

const fresh = Effect.provide(Transport, NodeTransport.layer, { local: true })

/** Sends all on one connection, without waiting for what comes back. */
const pipelining = Layer.sync(Transport, () => {
  const waiting: Array<(body: Uint8Array) => void> = []
  let socket: ReturnType<typeof connect> | undefined
  const opened = ({ hostname, port }: URL) => {
    let pending = ""
    const fresh = connect({ host: hostname, port: Number(port) })
    fresh.on("error", () => {})
    fresh.on("data", (data) => {
      pending += data.toString()
      for (let end = pending.indexOf("HTTP/1.1", 1); pending !== ""; end = pending.indexOf("HTTP/1.1", 1)) {
        const answer = end === -1 ? pending : pending.slice(0, end)
        pending = end === -1 ? "" : pending.slice(end)
        waiting.shift()?.(new TextEncoder().encode(answer.split("\r\n\r\n")[1]))
      }
    })
    return fresh
  }
  const send = ({ body = new Uint8Array(0), method, url: text }: Request) =>
    Effect.callback<{ status: number; headers: {}; body: Uint8Array }>((resume) => {
      const url = new URL(reveal(text))
      socket ??= opened(url)
      waiting.push((body) => resume(Effect.succeed({ status: 200, headers: {}, body })))
      socket.write(`${method} ${url.pathname} HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.byteLength}\r\n\r\n`)
      socket.write(body)
    })
  return Transport.of({ send, open: () => Effect.die("no streams") })
})

const problems = ["Reset", "Truncated", "Timeout", "TooLarge", "Malformed", "Opaque", "Unknown"]

export const sockets: Mutants<Conformance.Socketed> = {
  "half an answer is a success": {
    subject: broken(hopeful(problems)),
    caughtBy: Conformance.socket
      .map(({ name }) => name)
      .filter((name) => name.endsWith("is no answer, and is asked for once")),
  },
  "what failed is sent again, whatever it was": {
    subject: broken(sending((real, request, limits) => Effect.retry(real(request, limits), { times: 2 }))),
    caughtBy: [
      "a reset before the request is read is unsent, or in doubt",
      "a kept connection that the server has just closed carries nothing twice",
    ],
  },
  "a name with several addresses proves nothing": {
    subject: broken(
      sending((real, request, limits) =>
        Effect.mapError(real(request, limits), (error) =>
          reveal(request.url).includes("localhost") ? new Unanswered({ problem: "Unknown", detail: "none" }) : error,
        ),
      ),
    ),
    caughtBy: ["a closed port is one behind a name with several addresses too"],
  },
  "what came to nothing in time was not sent": {
    subject: broken(
      sending((real, request, limits) =>
        Effect.mapError(real(request, limits), (error) =>
          error.problem === "Timeout" ? new Unsent({ problem: "ConnectTimeout", detail: "late" }) : error,
        ),
      ),
    ),
    caughtBy: ["Unsent is said only when the server never read a byte, whatever happens when"],
  },
  "of a header that came twice the first counts": {
    subject: broken(
      sending((real, request, limits) =>
        Effect.map(real(request, limits), ({ headers, ...answer }) => ({
          ...answer,
          headers: Object.fromEntries(
            Object.entries(headers).map(([name, value]) => [name, value.split(", ")[0] ?? ""]),
          ),
        })),
      ),
    ),
    caughtBy: ["an answer after an early one is handed over, and a header that came twice is joined"],
  },
  "a HEAD is as large as it says": {
    subject: broken(
      sending((real, request, limits) =>
        Effect.flatMap(real(request, limits), (answer) =>
          Number(answer.headers["content-length"] ?? 0) > limits.maxBytes
            ? Effect.fail(new Unanswered({ problem: "TooLarge", detail: "its length says so" }))
            : Effect.succeed(answer),
        ),
      ),
    ),
    caughtBy: ["HEAD reads no body, whatever length is told"],
  },
  "a redirect to another origin is followed": {
    subject: broken(({ send }) => ({ send: follow(send) })),
    caughtBy: ["a redirect to another origin is not followed: it hears nothing"],
  },
  "every request has a connection of its own": {
    subject: broken(() => ({ send: (request, limits) => Effect.flatMap(fresh, ({ send }) => send(request, limits)) })),
    caughtBy: ["a connection is used again: two at most for a thousand requests"],
  },
  "a submit goes on the connection that a poll left": {
    subject: broken(sending((real, request, limits) => real(request, { ...limits, idempotent: true }))),
    caughtBy: ["what must not be sent twice goes on a connection that has carried nothing"],
  },
  "a 100 spoils the answer after it": {
    subject: broken(
      sending((real, request, limits) =>
        Effect.flatMap(real(request, limits), (answer) =>
          new TextDecoder().decode(answer.body).startsWith("after 100")
            ? Effect.fail(new Unanswered({ problem: "Malformed", detail: "an answer of its own" }))
            : Effect.succeed(answer),
        ),
      ),
    ),
    caughtBy: ["a 100 that nobody asked for is passed over"],
  },
  "a compressed answer stays compressed": {
    subject: broken(
      sending((real, request, limits) =>
        Effect.map(real(request, limits), (answer) =>
          answer.body.byteLength < 1000 ? answer : { ...answer, body: new Uint8Array(gzipSync(answer.body)) },
        ),
      ),
    ),
    caughtBy: ["a compressed answer is handed over as what it was, within the limit"],
  },
  "requests are pipelined": { subject: { layer: pipelining }, caughtBy: ["nothing is pipelined"] },
  "an abort leaves its socket open": {
    subject: broken(
      sending((real, request, limits) =>
        Effect.callback((resume) => {
          Effect.runFork(real(request, limits)).addObserver(resume)
        }),
      ),
    ),
    caughtBy: ["the socket is closed at once when its request is interrupted"],
  },
  "a stream is read whether it is wanted or not": {
    subject: broken(
      opening((real, request, limits) =>
        Effect.gen(function* () {
          const opened = yield* real(request, limits)
          const queue = yield* Queue.unbounded<Uint8Array, Unanswered | import("effect").Cause.Done>()
          yield* Effect.forkScoped(
            Stream.runForEach(opened.body, (chunk) => Queue.offer(queue, chunk)).pipe(
              Effect.matchCauseEffect({
                onFailure: (cause) => Queue.failCause(queue, cause),
                onSuccess: () => Queue.end(queue),
              }),
            ),
          )
          return { ...opened, body: Stream.fromQueue(queue) }
        }),
      ),
    ),
    caughtBy: ["a stream is read no faster than it is wanted"],
  },
  "a download goes on when nobody wants it": {
    subject: broken(
      opening((real, request, limits) =>
        Effect.gen(function* () {
          const scope = yield* Scope.make()
          const opened = yield* Scope.provide(real(request, limits), scope)
          return { ...opened, body: Stream.onEnd(opened.body, Scope.close(scope, Exit.void)) }
        }),
      ),
    ),
    caughtBy: ["the socket of a stream is closed with its scope"],
  },
  "a stream that broke off has ended": {
    subject: broken(
      opening((real, request, limits) =>
        Effect.map(real(request, limits), (opened) => ({
          ...opened,
          body: Stream.catchTag(opened.body, "Unanswered", () => Stream.empty),
        })),
      ),
    ),
    caughtBy: ["a stream that breaks off hands over what came, says so and closes its socket"],
  },
  "a stream that was refused is an empty one": {
    subject: broken(
      opening((real, request, limits) =>
        Effect.catchTag(real(request, limits), "Unsent", () =>
          Effect.succeed({ status: 200, headers: {}, body: Stream.empty }),
        ),
      ),
    ),
    caughtBy: ["a stream that never began says how far it got"],
  },
}
