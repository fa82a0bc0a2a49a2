import { Transport } from "@tenuto/http/Transport"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

export const fetchOn =
  (context: Context.Context<Transport>): typeof globalThis.fetch =>
  async (input, init) => {
    const request = new Request(input, init)
    const body = request.body === null ? {} : { body: new Uint8Array(await request.arrayBuffer()) }
    const sent = Transport.use((transport) =>
      transport.send(
        { method: request.method, url: request.url, headers: Object.fromEntries(request.headers), ...body },
        { timeout: Duration.infinity, maxBytes: 1n << 40n },
      ),
    )
    const { body: bytes, headers, status } = await Effect.runPromiseWith(context)(sent, { signal: request.signal })
    return new Response(new Uint8Array(bytes), { status, headers })
  }
