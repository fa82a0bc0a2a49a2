/** Keeps what is uploaded, and tells it in a shape of our own: no page shows these answers. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { type Behaviour, json, type Request } from "@tenuto/testkit/Emulator"
import * as Serial from "@tenuto/testkit/Serial"
import * as VirtualClock from "@tenuto/testkit/VirtualClock"
import { missing } from "./emulatorDesk.ts"
import { refuse } from "./emulatorRequest.ts"

/** A file or an image. */
export interface Upload {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly size: number
  readonly purpose: string | undefined
}

type Kind = "file" | "image"

/** Where uploads are kept. */
export interface Assets {
  readonly all: Effect.Effect<ReadonlyArray<Upload>>
  readonly upload: (kind: Kind) => (request: Request) => Effect.Effect<Behaviour>
  readonly look: (kind: Kind) => (request: Request, params: { readonly id: string }) => Effect.Effect<Behaviour>
}

const letters = { letters: Serial.lower, length: 20 }
const idOf = {
  file: Serial.make({ ...letters, prefix: "file_", kind: "file" }),
  image: Serial.make({ ...letters, prefix: "img_", kind: "image" }),
} as const

const purposes: ReadonlySet<string> = new Set(["context", "init"])

/** Read a form with a file. Time stands still while it is read. */
const read = ({ body, headers }: Request): Effect.Effect<Result.Result<Omit<Upload, "id">, Behaviour>> => {
  const init = { headers: { "content-type": headers["content-type"] ?? "" } }
  const form = Effect.tryPromise(() => new Response(new Uint8Array(body), init).formData())
  const unfit = (message: string) => Result.fail(refuse(400, "invalid_request", message))
  return VirtualClock.hold(
    Effect.match(form, {
      onFailure: () => unfit("The request body is not a form."),
      onSuccess: (fields): Result.Result<Omit<Upload, "id">, Behaviour> => {
        const file = fields.get("file")
        const purpose = fields.get("purpose")
        if (file === null || typeof file === "string") return unfit("/file: Field required")
        if (purpose !== null && (typeof purpose !== "string" || !purposes.has(purpose))) {
          return unfit("/purpose: should be context or init")
        }
        const { name, size, type } = file
        return Result.succeed({ name, type, size, purpose: purpose ?? undefined })
      },
    }),
    { label: "reading a form" },
  )
}

const tell = (status: number, kind: Kind, { id, name, purpose, size, type }: Upload): Behaviour =>
  json(status, { [`${kind}_id`]: id, name, type, size, ...(purpose === undefined ? {} : { purpose }) })

export const make = (seed: number, largest: bigint | undefined): Assets => {
  const uploads = new Map<string, Upload>()
  return {
    all: Effect.sync(() => Array.from(uploads.values())),
    upload: (kind) =>
      Effect.fnUntraced(function* (request) {
        if (largest !== undefined && request.body.byteLength > largest) {
          return refuse(413, "payload_too_large", "The file exceeds the limit of the tier.")
        }
        const found = yield* read(request)
        if (Result.isFailure(found)) return found.failure
        const id = idOf[kind](seed, uploads.size)
        const { purpose = kind === "file" ? "context" : undefined, ...file } = found.success
        const upload = { id, ...file, purpose }
        uploads.set(id, upload)
        return tell(201, kind, upload)
      }),
    look:
      (kind) =>
      (_, { id }) =>
        Effect.sync(() => {
          const upload = uploads.get(id)
          return upload === undefined ? missing(kind === "file" ? "File" : "Image") : tell(200, kind, upload)
        }),
  }
}
