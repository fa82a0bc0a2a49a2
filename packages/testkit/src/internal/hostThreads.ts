/** What answers from another thread, which the engine cannot see: WebCrypto, and blobs, which may be files. */
import { holdUntil } from "./clock.ts"
import { heldMethod } from "./crypto.ts"
import type { Engine } from "./engine.ts"

/** What to put in place of methods. */
const held = (engine: Engine, prototype: object, names: ReadonlyArray<string>, label: string) => {
  const methods: Record<string, unknown> = {}
  for (const name of names) {
    const method: unknown = Reflect.get(prototype, name)
    if (typeof method === "function") methods[name] = heldMethod(engine, method, `${label}.${name}`)
  }
  return { prototype, methods }
}

/** A stream of the same bytes, held while each piece of it is read. */
const heldStream = (engine: Engine, blob: Blob) => {
  const stream: () => ReturnType<Blob["stream"]> = Reflect.get(blob, "stream")
  return function (this: Blob): ReadableStream<Uint8Array> {
    const reader = Reflect.apply(stream, this, []).getReader()
    return new ReadableStream(
      {
        type: "bytes",
        pull: async (controller) => {
          const reading = reader.read()
          holdUntil(engine, reading, "blob.stream", false)
          const { value } = await reading
          if (value !== undefined) return controller.enqueue(value)
          controller.close()
          controller.byobRequest?.respond(0)
        },
        cancel: (reason) => reader.cancel(reason),
      },
      { highWaterMark: 0 },
    )
  }
}

export const hostThreads = (engine: Engine) => {
  const host: Partial<typeof globalThis> = globalThis
  const subtle = host.SubtleCrypto?.prototype
  const operations = Object.getOwnPropertyNames(subtle ?? {}).filter((name) => name !== "constructor")
  const { prototype: blob } = Blob
  const blobs = held(engine, blob, ["arrayBuffer", "bytes", "text"], "blob")
  return [
    ...(subtle === undefined ? [] : [held(engine, subtle, operations, "crypto.subtle")]),
    { ...blobs, methods: { ...blobs.methods, stream: heldStream(engine, blob) } },
  ]
}
