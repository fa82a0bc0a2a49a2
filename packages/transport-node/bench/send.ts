/**
 * What one small exchange costs, beside undici and `fetch`: `node packages/transport-node/bench/send.ts [rounds]`.
 *
 * The server is a process of its own. In each round every client runs once, in another order; a ratio is between two
 * clients of the same round. Figures are medians over the rounds.
 */
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Transport } from "@tenuto/http/Transport"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import type { Dispatcher } from "undici"

const answer = Buffer.from(JSON.stringify({ id: "op_0123456789", status: "processing", progress: 0.5 }))

const serve = () => {
  const server = createServer((request, response) => {
    request.resume()
    response.writeHead(200, { "content-type": "application/json", "content-length": answer.byteLength })
    response.end(answer)
  })
  server.keepAliveTimeout = 60_000
  server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port))
  process.on("disconnect", () => process.exit())
}

const listening = async (server: ChildProcess): Promise<string> => {
  const [port] = (await once(server, "message")) as [number]
  return `http://127.0.0.1:${port}`
}

interface Client {
  readonly name: string
  /** Make `each` exchanges one after the other, in `width` lines at the same time. */
  readonly run: (width: number, each: number) => Promise<void>
}

const path = "/v1/operations/op_0123456789"
const headers = { authorization: "Bearer 0123456789abcdef", accept: "application/json" }

const check = (size: number) => {
  if (size !== answer.byteLength) throw new Error(`an answer of ${size} bytes`)
}

const inLines =
  (once: () => Promise<number>): Client["run"] =>
  async (width, each) => {
    const line = async () => {
      for (let i = 0; i < each; i++) check(await once())
    }
    await Promise.all(Array.from({ length: width }, line))
  }

/** The least that undici can do: a handler of one's own, that keeps the bytes. */
class Bytes implements Dispatcher.DispatchHandler {
  private readonly chunks: Array<Buffer> = []
  private readonly done: (size: number) => void
  private readonly failed: (error: Error) => void

  constructor(done: (size: number) => void, failed: (error: Error) => void) {
    this.done = done
    this.failed = failed
  }

  onRequestStart() {}
  onResponseStart() {}
  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer) {
    this.chunks.push(chunk)
  }
  onResponseEnd() {
    this.done(Buffer.concat(this.chunks).byteLength)
  }
  onResponseError(_: Dispatcher.DispatchController, error: Error) {
    this.failed(error)
  }
}

const clientsOf = async (base: string) => {
  const viaFetch = async () => (await (await fetch(base + path, { headers })).arrayBuffer()).byteLength
  // Before undici is loaded, which else would put its own dispatcher behind the global fetch.
  check(await viaFetch())
  const { Pool } = await import("undici")
  const pool = new Pool(base, { connections: 64, pipelining: 1 })
  const runtime = ManagedRuntime.make(NodeTransport.layer)
  const transport = await runtime.runPromise(Transport)
  const tenuto = (timeout: Duration.Duration): Client["run"] => {
    const limits = { timeout, maxBytes: 1_000_000n }
    const send = Effect.suspend(() => transport.send({ method: "GET", url: base + path, headers }, limits))
    return (width, each) => {
      const line = Effect.gen(function* () {
        for (let i = 0; i < each; i++) check((yield* send).body.byteLength)
      })
      return runtime.runPromise(
        Effect.forEach(Array.from({ length: width }), () => line, { concurrency: "unbounded", discard: true }),
      )
    }
  }
  const clients: ReadonlyArray<Client> = [
    {
      name: "undici Pool.request",
      run: inLines(async () => {
        const { body } = await pool.request({ path, method: "GET", headers })
        return (await body.arrayBuffer()).byteLength
      }),
    },
    {
      name: "undici Pool.dispatch",
      run: inLines(
        () =>
          new Promise((done, failed) => void pool.dispatch({ path, method: "GET", headers }, new Bytes(done, failed))),
      ),
    },
    { name: "transport-node", run: tenuto(Duration.seconds(30)) },
    { name: "transport-node, no time-out", run: tenuto(Duration.infinity) },
    { name: "fetch", run: inLines(viaFetch) },
  ]
  const close = async () => {
    await pool.close()
    await runtime.dispose()
  }
  return { clients, close }
}

const median = (values: ReadonlyArray<number>): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN

/** Microseconds for one exchange: of this process's CPU, and on the wall. */
const measured = async ({ run }: Client, width: number, each: number) => {
  const cpu = process.cpuUsage()
  const start = performance.now()
  await run(width, each)
  const wall = (performance.now() - start) * 1000
  const { system, user } = process.cpuUsage(cpu)
  const count = width * each
  return { cpu: (system + user) / count, wall: wall / count }
}

const compare = async (clients: ReadonlyArray<Client>, width: number, rounds: number) => {
  const each = width === 1 ? 2000 : 200
  const all = clients.map(({ name }) => ({ name, cpu: [] as Array<number>, wall: [] as Array<number> }))
  for (const client of clients) await client.run(width, each)
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < clients.length; i++) {
      const turn = (i + round) % clients.length
      const [client, row] = [clients[turn], all[turn]]
      if (client === undefined || row === undefined) continue
      const { cpu, wall } = await measured(client, width, each)
      row.cpu.push(cpu)
      row.wall.push(wall)
    }
  }
  const [first] = all
  const ratio = (mine: ReadonlyArray<number>, theirs: ReadonlyArray<number> = []) =>
    median(mine.map((value, round) => value / (theirs[round] ?? NaN)))
  console.log(`\n${width} at a time, ${rounds} rounds of ${width * each}; × is against ${first?.name ?? "nothing"}`)
  for (const { cpu, name, wall } of all) {
    const cells = [median(cpu).toFixed(1), `${ratio(cpu, first?.cpu).toFixed(2)} ×`]
    cells.push(median(wall).toFixed(1), `${ratio(wall, first?.wall).toFixed(2)} ×`)
    const [ours, more, seen, late] = cells.map((cell) => cell.padStart(7))
    console.log(`  ${name.padEnd(28)} CPU ${ours} µs ${more}   wall ${seen} µs ${late}`)
  }
}

if (process.argv[2] === "serve") serve()
else {
  const rounds = Number(process.argv[2] ?? 9)
  const server = fork(import.meta.filename, ["serve"])
  const { clients, close } = await clientsOf(await listening(server))
  for (const width of [1, 64]) await compare(clients, width, rounds)
  await close()
  server.disconnect()
}
