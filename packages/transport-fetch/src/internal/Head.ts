/** The first part of an answer of `fetch`, told as it came over the wire. */
import type { Headers as HeadersRecord } from "@tenuto/http/Exchange"

export interface Head {
  readonly status: number
  readonly headers: HeadersRecord
  /** How long the body says it is, where that can be checked. */
  readonly length: number | undefined
}

/** Whether this answer was redirected, behind our back or visibly hidden. */
export const isOpaque = (response: Response): boolean =>
  response.type === "opaqueredirect" || response.status === 0 || response.redirected

/** Read the head. Headers that describe an encoding which `fetch` has undone are left out. */
export const of = (method: string, response: Response): Head => {
  const headers: Record<string, string> = {}
  for (const [name, value] of response.headers) {
    const before = Object.hasOwn(headers, name) ? headers[name] : undefined
    headers[name] = before === undefined ? value : `${before}, ${value}`
  }
  // Across origins a browser shows how long the body was on the wire, and hides that it was compressed there.
  const isHidden = response.type === "cors" && headers["content-encoding"] === undefined
  const isDecoded = response.body !== null && (isHidden || (headers["content-encoding"] ?? "identity") !== "identity")
  if (isDecoded) {
    delete headers["content-encoding"]
    delete headers["content-length"]
    // What was decoded is not what ranges of the stored bytes are counted in.
    headers["accept-ranges"] = "none"
  }
  const isBodiless = method.toUpperCase() === "HEAD" || response.status === 204 || response.status === 304
  const declared = headers["content-length"]
  const isCheckable = !isBodiless && declared !== undefined && /^\d{1,15}$/.test(declared)
  return { status: response.status, headers, length: isCheckable ? Number(declared) : undefined }
}
