/** Holds a file that a client fetched while its storage went wrong against what the service hands out. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { join } from "@tenuto/http/Exchange"
import type { Handler, Request } from "../Handler.ts"

export class Saving {
  private readonly service: Handler
  private file: Uint8Array | undefined

  constructor(service: Handler) {
    this.service = service
  }

  /** Learn what the file is: what whoever has the link is given, who asks for all of it. */
  see(request: Request): Effect.Effect<void> {
    if (this.file !== undefined) return Effect.void
    const { range: _, ...headers } = request.headers
    return Effect.map(this.service({ ...request, headers }), (behaviour) => {
      if (behaviour._tag === "Answered" && behaviour.response.status === 200) this.file = behaviour.response.body
    })
  }

  /** Take it in; what comes of it is what is wrong with it, if anything is. */
  take<E, R>(stream: Stream.Stream<Uint8Array, E, R>): Effect.Effect<string | undefined, E, R> {
    return Effect.map(Stream.runCollect(stream), (parts) => {
      const saved = join(parts)
      const { file } = this
      if (file === undefined) return `${saved.byteLength} bytes were saved of a file that the service never handed out`
      const at = saved.findIndex((byte, index) => byte !== file[index])
      if (at === -1 && saved.byteLength === file.byteLength) return undefined
      const where = at === -1 ? "" : `, other ones from byte ${at} on`
      return `${saved.byteLength} bytes were saved of a file of ${file.byteLength}${where}`
    })
  }
}
