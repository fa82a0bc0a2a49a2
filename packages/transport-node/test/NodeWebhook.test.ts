import { createServer, request as ask, Agent, type IncomingMessage, type Server } from "node:http"
import { connect, type AddressInfo } from "node:net"
import { once } from "node:events"
import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Inbox from "@tenuto/core/Inbox"
import * as Json from "@tenuto/http/Json"
import * as Signature from "@tenuto/http/Signature"
import * as Webhook from "@tenuto/http/Webhook"
import * as Conformance from "@tenuto/testkit/Conformance"
import { NodeWebhook, nodeWebhook } from "@tenuto/transport-node"

const secret = "whsec_aG9sZCB0aGUgbm90ZQ=="
const song = Json.decoder(Schema.Struct({ id: Schema.String }), "the delivery")
const webhook: Webhook.Webhook = {
  service: "choir",
  scheme: Signature.standard,
  tolerance: Duration.minutes(5),
  read: (body, headers) => Result.map(song(body), ({ id }) => ({ id, name: headers["webhook-id"] ?? "" })),
}
const body = '{"id":"op_1","title":"Für Elise"}'
const signed = Effect.map(
  Signature.sign(Signature.standard, secret, { id: "msg_1", timestamp: DateTime.makeUnsafe(new Date()), body }),
  (headers) => ({ ...headers, "content-type": "application/json" }),
)

/** Serve on a loopback port until the scope closes. */
const serve = (listener: Parameters<typeof createServer>[1]) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = createServer(listener)
      server.listen(0, "127.0.0.1")
      await once(server, "listening")
      return server
    }),
    (server) =>
      Effect.promise(async () => {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      }),
  )
const portOf = (server: Server) => (server.address() as AddressInfo).port

/** One exchange, whole. */
const exchange = (
  server: Server,
  sent: {
    readonly method?: string
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: string | Uint8Array
    readonly agent?: Agent
  },
) =>
  Effect.promise(async () => {
    const { agent, body = "", headers, method = "POST" } = sent
    const request = ask({
      host: "127.0.0.1",
      port: portOf(server),
      method,
      headers: headers ?? {},
      agent: agent ?? false,
    })
    request.end(body)
    const [response] = (await once(request, "response")) as [IncomingMessage]
    let text = ""
    for await (const chunk of response.setEncoding("utf8")) text += String(chunk)
    return { status: response.statusCode, headers: response.headers, text, port: request.socket?.localPort }
  })

/** A socket of our own, to be as slow or as rude as we like. `said` gives all it was told until it was closed. */
const raw = (server: Server) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(async () => {
        const socket = connect({ host: "127.0.0.1", port: portOf(server) })
        socket.on("error", () => {})
        await once(socket, "connect")
        return socket
      }),
      (socket) => Effect.sync(() => void socket.destroy()),
    ),
    (socket) => {
      let text = ""
      socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
      const closed = new Promise((resolve) => socket.once("close", resolve))
      return {
        socket,
        write: (part: string | Uint8Array) =>
          Effect.promise(() => new Promise<void>((resolve) => void socket.write(part, () => resolve()))),
        /** Wait for the head of an answer. */
        head: Effect.promise(async () => {
          while (!text.includes("\r\n\r\n")) await once(socket, "data")
          return text
        }),
        closed: Effect.promise(async () => {
          await closed
          return text
        }),
      }
    },
  )
const headOf = (headers: Record<string, string>, more: string) =>
  `POST / HTTP/1.1\r\nhost: choir.test\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("")}${more}\r\n\r\n`

/** A receiver that says when a request arrives and when it is let go, and a server with it. */
const attentive = Effect.gen(function* () {
  const arrived = yield* Deferred.make<void>()
  const letGo = yield* Deferred.make<void>()
  const receiver: Webhook.Receiver = (incoming) =>
    Webhook.receive(webhook, { secrets: [secret] })(incoming).pipe(
      Effect.onInterrupt(() => Deferred.succeed(letGo, undefined)),
    )
  const listener = yield* NodeWebhook.make((incoming) =>
    Effect.andThen(Deferred.succeed(arrived, undefined), receiver(incoming)),
  )
  const requests: Array<IncomingMessage> = []
  const server = yield* serve((request, response) => {
    requests.push(request)
    listener(request, response)
  })
  return { server, requests, arrived: Deferred.await(arrived), letGo: Deferred.await(letGo) }
})

/** What frameworks do with a body before a route sees it: they read it, and leave what they made of it. */
const parsing =
  (leave: (bytes: Buffer) => object, listener: NodeWebhook.Listener): NodeWebhook.Listener =>
  (request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.once("end", () => listener(Object.assign(request, leave(Buffer.concat(chunks))), response))
  }

describe("NodeWebhook is a receiver", () => {
  const over = (listener: NodeWebhook.Listener) =>
    Effect.map(serve(listener), (server) => async (delivered: Conformance.Delivered) => {
      const { headers, status = 0, text } = await Effect.runPromise(exchange(server, delivered))
      return { status, headers: headers as Record<string, string>, body: text }
    })
  const subject: Conformance.Reception = {
    serve: (webhook, settings) => over(nodeWebhook(webhook, settings)),
    behind: (read, webhook, settings) => {
      const leave = (bytes: Buffer) => ({ body: read === "Bytes" ? bytes : JSON.parse(bytes.toString()) })
      return over(parsing(leave, nodeWebhook(webhook, settings)))
    },
  }
  for (const { check, name } of Conformance.receiver) it(name, () => check(subject))
})

describe("NodeWebhook", () => {
  it.live("takes a delivery into the inbox of the context it was made in; the second time it is known", () =>
    Effect.gen(function* () {
      const inbox = Inbox.makeMemory()
      const outcomes: Array<string> = []
      const receiver = Webhook.receive(webhook, { secrets: [secret] })
      const listener = yield* NodeWebhook.make((incoming) =>
        Effect.tap(receiver(incoming), ({ outcome }) => Effect.sync(() => outcomes.push(outcome))),
      ).pipe(Effect.provideService(Inbox.Inbox, inbox))
      const server = yield* serve(listener)
      const agent = yield* Effect.acquireRelease(
        Effect.sync(() => new Agent({ keepAlive: true, maxSockets: 1 })),
        (agent) => Effect.sync(() => agent.destroy()),
      )
      const headers = yield* signed
      const first = yield* exchange(server, { headers, body, agent })
      const second = yield* exchange(server, { headers, body, agent })
      const forged = yield* exchange(server, { headers, body: `${body} `, agent })
      assert.deepStrictEqual([first.status, second.status, forged.status], [200, 200, 401])
      assert.deepStrictEqual([first.text, second.text, forged.text], ["", "", ""])
      assert.deepStrictEqual([second.port, forged.port], [first.port, first.port], "the connection is kept")
      assert.deepStrictEqual(outcomes, ["Taken", "Known", "Refused"])
      assert.deepStrictEqual((yield* inbox.take("choir", "op_1")).body, JSON.parse(body))
    }),
  )

  it.live("only POST delivers", () =>
    Effect.gen(function* () {
      const { server } = yield* attentive
      for (const method of ["GET", "PUT", "DELETE"]) {
        const answer = yield* exchange(server, { method, headers: yield* signed, body: method === "GET" ? "" : body })
        assert.deepStrictEqual([answer.status, answer.headers.allow, answer.text], [405, "POST", ""])
      }
    }),
  )

  it.live("waits for a slow client, and answers when it is done", () =>
    Effect.gen(function* () {
      const { server } = yield* attentive
      const client = yield* raw(server)
      const whole = new TextEncoder().encode(body)
      yield* client.write(headOf(yield* signed, `connection: close\r\ncontent-length: ${whole.byteLength}`))
      for (const byte of whole) yield* client.write(Uint8Array.of(byte))
      assert.match(yield* client.closed, /^HTTP\/1\.1 200 /)
    }),
  )

  it.live("a header that comes twice is one that fits nothing", () =>
    Effect.gen(function* () {
      const { server } = yield* attentive
      const headers = yield* signed
      const client = yield* raw(server)
      const size = new TextEncoder().encode(body).byteLength
      yield* client.write(headOf(headers, `webhook-id: msg_2\r\nconnection: close\r\ncontent-length: ${size}`))
      yield* client.write(body)
      assert.match(yield* client.closed, /^HTTP\/1\.1 401 /)
    }),
  )

  it.live("says 413 to what says that it is too large, and takes what comes still, so that it is heard", () =>
    Effect.gen(function* () {
      const { server } = yield* attentive
      const client = yield* raw(server)
      const size = 4 * 1024 * 1024
      yield* client.write(headOf(yield* signed, `content-length: ${size}`))
      const head = yield* client.head
      assert.match(head, /^HTTP\/1\.1 413 [^]*connection: close/i)
      yield* client.write(new Uint8Array(size))
      assert.strictEqual(yield* client.closed, head)
    }),
  )

  it.live("says 413 to what turns out to be too large", () =>
    Effect.gen(function* () {
      const { requests, server } = yield* attentive
      const client = yield* raw(server)
      yield* client.write(headOf(yield* signed, "transfer-encoding: chunked"))
      const chunk = new Uint8Array(1024 * 1024)
      yield* client.write(`${(chunk.byteLength + 1).toString(16)}\r\n`)
      yield* client.write(chunk)
      yield* client.write("x\r\n")
      assert.match(yield* client.head, /^HTTP\/1\.1 413 /)
      yield* client.write("0\r\n\r\n")
      yield* client.closed
      assert.isTrue(requests[0]?.complete)
    }),
  )

  it.live("hangs up on whoever goes on and on after that", () =>
    Effect.gen(function* () {
      const { requests, server } = yield* attentive
      const client = yield* raw(server)
      yield* client.write(headOf(yield* signed, `content-length: ${1024 ** 3}`))
      yield* client.head
      const chunk = new Uint8Array(1024 * 1024)
      for (let sent = 0; sent < 1024 && !client.socket.destroyed; sent++) yield* client.write(chunk)
      yield* client.closed
      assert.isFalse(requests[0]?.complete)
    }),
  )

  it.live("lets go of a client that goes away in the middle", () =>
    Effect.gen(function* () {
      const { arrived, letGo, requests, server } = yield* attentive
      const client = yield* raw(server)
      yield* client.write(headOf(yield* signed, "content-length: 1000"))
      yield* client.write("{")
      yield* arrived
      client.socket.resetAndDestroy()
      yield* letGo
      for (const event of ["data", "end"]) assert.strictEqual(requests[0]?.listenerCount(event), 0, event)
    }),
  )

  it.live("does not wait for a client that was gone before", () =>
    Effect.gen(function* () {
      const answered = yield* Deferred.make<Webhook.Answer>()
      const receiver = Webhook.receive(webhook, { secrets: [secret] })
      const listener = yield* NodeWebhook.make((incoming) =>
        Effect.tap(receiver(incoming), (answer) => Deferred.succeed(answered, answer)),
      )
      const came = yield* Deferred.make<void>()
      const server = yield* serve((request, response) => {
        Deferred.doneUnsafe(came, Effect.void)
        request.on("error", () => {})
        response.on("close", () => setImmediate(() => listener(request, response)))
      })
      const client = yield* raw(server)
      yield* client.write(headOf(yield* signed, "content-length: 1000"))
      yield* Deferred.await(came)
      client.socket.resetAndDestroy()
      assert.strictEqual((yield* Deferred.await(answered)).outcome, "Troubled")
    }),
  )

  it.live("loses no byte of a body that is read more slowly than it comes", () =>
    Effect.gen(function* () {
      const turn = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      const { server, size } = yield* Effect.gen(function* () {
        const size = yield* Deferred.make<number>()
        const count = (incoming: Webhook.Incoming) =>
          Stream.isStream(incoming.body)
            ? Stream.runFoldEffect(
                incoming.body,
                () => 0,
                (total, chunk) => Effect.as(Effect.andThen(turn, turn), total + chunk.byteLength),
              )
            : Effect.succeed(-1)
        const receiver: Webhook.Receiver = (incoming) =>
          Effect.as(
            Effect.tap(Effect.orDie(count(incoming)), (total) => Deferred.succeed(size, total)),
            { status: 200, headers: {}, outcome: "Taken" },
          )
        return { size, server: yield* serve(yield* NodeWebhook.make(receiver)) }
      })
      yield* exchange(server, { body: "x".repeat(2_000_000) })
      assert.strictEqual(yield* Deferred.await(size), 2_000_000)
    }),
  )

  it.live("answers 503 when its scope closes: to what is under way, and to what comes later", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const arrived = yield* Deferred.make<void>()
      const receiver: Webhook.Receiver = () => Effect.andThen(Deferred.succeed(arrived, undefined), Effect.never)
      const server = yield* serve(yield* Scope.provide(NodeWebhook.make(receiver), scope))
      const client = yield* raw(server)
      yield* client.write(headOf({}, "connection: close\r\ncontent-length: 2"))
      yield* client.write("{}")
      yield* Deferred.await(arrived)
      yield* Scope.close(scope, Exit.void)
      assert.match(yield* client.closed, /^HTTP\/1\.1 503 /)
      assert.strictEqual((yield* exchange(server, { body })).status, 503)
    }),
  )

  it.live(
    "takes what express.raw(), express.text() and Cloud Functions leave of a body, and nothing that was parsed",
    () =>
      Effect.gen(function* () {
        const left = [
          [200, (bytes: Buffer) => ({ body: bytes })],
          [200, (bytes: Buffer) => ({ body: new Uint8Array(bytes) })],
          [200, (bytes: Buffer) => ({ body: bytes.toString() })],
          [200, (bytes: Buffer) => ({ body: JSON.parse(bytes.toString()), rawBody: bytes })],
          [401, (bytes: Buffer) => ({ body: Buffer.concat([bytes, Buffer.from(" ")]) })],
          [503, (bytes: Buffer) => ({ body: JSON.parse(bytes.toString()) })],
          [503, () => ({ body: undefined })],
          [503, () => ({ body: null })],
        ] as const
        for (const [status, leave] of left) {
          const problems: Array<string | undefined> = []
          const onAnswer = ({ problem }: Webhook.Answer) => void problems.push(problem)
          const options = { secrets: [secret], inbox: Inbox.makeMemory(), onAnswer }
          const server = yield* serve(parsing(leave, nodeWebhook(webhook, options)))
          assert.strictEqual((yield* exchange(server, { headers: yield* signed, body })).status, status)
          if (status === 503) assert.match(String(problems[0]), /as express\.raw\(\{ type: \(\) => true \}\) does$/)
        }
      }),
  )

  it.live("says the whole address that was asked for, also below a router", () =>
    Effect.gen(function* () {
      const urls: Array<string | undefined> = []
      const receiver: Webhook.Receiver = ({ url }) => {
        urls.push(url)
        return Effect.succeed({ status: 200, headers: {}, outcome: "Taken" })
      }
      const listener = NodeWebhook.makeUnscoped(receiver)
      const server = yield* serve(listener)
      yield* exchange(server, { body: "", headers: { host: "app.test:8080" } })
      const mounted = yield* serve(parsing(() => ({ originalUrl: "/hooks/choir?x=1" }), listener))
      yield* exchange(mounted, { body: "", headers: { host: "app.test" } })
      assert.deepStrictEqual(urls, ["http://app.test:8080/", "http://app.test/hooks/choir?x=1"])
    }),
  )

  it.live("a body that something else has read is our own trouble, not theirs", () =>
    Effect.gen(function* () {
      const listener = nodeWebhook(webhook, { secrets: [secret], inbox: Inbox.makeMemory() })
      const server = yield* serve((request, response) => {
        request.resume()
        request.once("end", () => listener(request, response))
      })
      const { status } = yield* exchange(server, { headers: yield* signed, body })
      assert.strictEqual(status, 503)
    }),
  )
})

describe("nodeWebhook", () => {
  it.live("serves code without Effect: an inbox, and what became of every delivery", () =>
    Effect.gen(function* () {
      const inbox = Inbox.makeMemory()
      const heard: Array<string> = []
      const options = {
        secrets: [secret],
        inbox,
        maxBytes: 64n,
        onAnswer: ({ outcome }: Webhook.Answer) => void heard.push(outcome),
      }
      const server = yield* serve(nodeWebhook(webhook, options))
      const headers = yield* signed
      const statuses: Array<number | undefined> = []
      for (const sent of [body, body, "{}", body.padEnd(65, " ")]) {
        statuses.push((yield* exchange(server, { headers, body: sent })).status)
      }
      assert.deepStrictEqual(statuses, [200, 200, 401, 413])
      assert.deepStrictEqual(heard, ["Taken", "Known", "Refused", "TooLarge"])
      assert.strictEqual((yield* inbox.take("choir", "op_1")).name, "msg_1")
    }),
  )
})
