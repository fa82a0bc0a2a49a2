/** What the page under test can do beside singing: each function answers in plain text. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Artifact from "@tenuto/core/Artifact"
import * as Contract from "@tenuto/core/Contract"
import * as Operation from "@tenuto/core/Operation"
import * as Remote from "@tenuto/core/Remote"
import * as Download from "@tenuto/http/Download"
import { Transport } from "@tenuto/http/Transport"
import { fetchTransport } from "@tenuto/transport-fetch"

const limits = { timeout: Duration.seconds(10), maxBytes: 1_000_000n }

const sending = (url: string, headers: Readonly<Record<string, string>>) =>
  Effect.flatMap(Transport, (transport) => transport.send({ method: "GET", url, headers }, limits)).pipe(
    Effect.match({
      onFailure: (failure) => `${failure._tag} ${failure.problem}`,
      onSuccess: ({ body, status }) => `${status} ${new TextDecoder().decode(body)}`,
    }),
    Effect.provide(fetchTransport()),
  )

/** Send once; say the answer or how far it got. */
export const send = (url: string, headers: Readonly<Record<string, string>> = {}) =>
  Effect.runPromise(sending(url, headers))

/** Begin to send, and interrupt when the page is told to. */
export const begin = (url: string) => {
  const fiber = Effect.runFork(sending(url, {}))
  return () => Effect.runPromise(Fiber.interrupt(fiber))
}

const operation = Operation.make({
  service: "files",
  name: "file",
  contract: Contract.make({
    idempotency: { _tag: "Unkeyed" },
    cadence: { _tag: "Interval", every: Duration.seconds(1), floor: Duration.seconds(1) },
  }),
  input: Schema.Struct({}),
  output: Schema.Struct({ file: Artifact.Embedded }),
  codes: [],
})

/** Fetch a file; say its bytes as text, or the failure. */
export const download = (url: string) => {
  const handle = { version: 1, service: "files", origin: "http://files.test", operation: "file", id: "1" } as const
  const artifact = new Artifact.Artifact({ name: "file", handle, link: Artifact.link(url) })
  const remote = Layer.succeed(Remote.of("files"), {
    origin: handle.origin,
    perform: () => Effect.die("the link is not to be renewed"),
  })
  return Download.stream(operation, artifact).pipe(
    Stream.decodeText,
    Stream.mkString,
    Effect.catch((failure) => Effect.succeed(`${failure._tag} ${failure.reason._tag}`)),
    Effect.provide(Layer.mergeAll(fetchTransport(), remote)),
    Effect.runPromise,
  )
}
