/**
 * Reads the service's error body (S003 "Error Response Format").
 *
 * `details` is for nobody's eyes: it may repeat the caller's own signed link (T-HD-4), so it is withheld from all print.
 */
import * as Schema from "effect/Schema"
import { developer } from "@tenuto/core/Evidence"
import * as Delay from "@tenuto/http/Delay"
import type * as Provider from "@tenuto/http/Provider"
import type { Trouble } from "@tenuto/http/Verdict"
import { codeOf } from "./reasons.ts"
import { Refusal } from "./wire.ts"

const read = Schema.decodeUnknownResult(Refusal)

/** S003 "400 — Missing required field": the one sentence that names a field. */
const missing = /^Missing required field: ([\w.]+)$/

export const trouble = ({ body, headers, now }: Provider.Refusal): Trouble => {
  const refusal = read(body)
  if (refusal._tag === "Failure") return {}
  const { details, error, retryAfterMs } = refusal.success
  const retryAfter = Delay.longer(Delay.retryAfter(headers, now), Delay.millis(retryAfterMs))
  const code = codeOf(error)
  const [, field] = missing.exec(error) ?? []
  return {
    // C-HD-3: seconds in the header, milliseconds in the body; the longer one is kept.
    ...(retryAfter === undefined ? {} : { retryAfter }),
    message: developer(error), // contract 4.12: "human-readable", declared safe for end users nowhere
    ...(code === undefined ? {} : { code }),
    ...(field === undefined ? {} : { issues: [{ path: [field], message: "is missing" }] }),
    ...(typeof details === "string" ? { details } : {}),
  }
}
