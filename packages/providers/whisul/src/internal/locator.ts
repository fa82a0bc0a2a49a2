/**
 * Where to look for a job: at the address the service gave, as long as that stays under the base; else by the job's id.
 *
 * S004 "Always use the job_id or poll_url": either will do, so refusing an odd address loses nothing.
 */
import type { Handle } from "@tenuto/core/Handle"

/** Segments that mean the same to everyone who reads a URL: nothing leads up, nothing is encoded, nothing follows. */
const plain = /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)+$/
/** Longer than the address of any job, and short enough to be kept in a handle. */
const longest = 1000

/**
 * Read the address that the service gave as a path under the base; `undefined` where it is none.
 *
 * T-WH-1: `/jobs/x` is relative to the base with its path, not to its origin. One that repeats the path of the base could
 * be meant either way.
 */
export const given = (base: string, address: unknown): string | undefined => {
  if (typeof address !== "string" || address.length > longest || !URL.canParse(base)) return undefined
  const { href, pathname } = new URL(base)
  const isRelative = address.startsWith("/")
  if (isRelative && pathname !== "/" && address.startsWith(`${trimmed(pathname)}/`)) return undefined
  const path = isRelative ? address : beneath(trimmed(href), address)
  return path !== undefined && plain.test(path) ? path : undefined
}

/** What of an absolute address comes after the base. */
const beneath = (base: string, address: string): string | undefined => {
  const href = URL.canParse(address) ? new URL(address).href : ""
  return href.startsWith(base) ? href.slice(base.length) : undefined
}

const trimmed = (text: string): string => text.replace(/\/+$/, "")

/**
 * Find where to look for the work behind a handle.
 *
 * A locator that leads to another origin was not made here. It is passed on as it is meant, for the provider to refuse:
 * whoever forged it gets no credential, and whoever was handed it is told.
 */
export const of = (base: string, { id, locator, origin }: Pick<Handle, "id" | "locator" | "origin">): string => {
  const led = locator === undefined ? undefined : given(base, locator)
  if (led !== undefined) return led
  const target = locator !== undefined && URL.canParse(locator, origin) ? new URL(locator, origin) : undefined
  const isAstray = target !== undefined && /^https?:$/.test(target.protocol) && target.origin !== origin
  return isAstray ? target.href : byId(id)
}

/** S004 `GET /jobs/{job_id}`. Half a character cannot be encoded. */
const byId = (id: string): string => `/jobs/${encodeURIComponent(id.replace(/\p{Surrogate}/gu, "\ufffd"))}`
