/**
 * Where to look for a job: at the address the service gave, as long as that stays under the base; else by the job's id.
 *
 * S004 "Always use the job_id or poll_url": either will do, so refusing an odd address loses nothing. A locator is always
 * a path that comes after the base.
 */
import type { Handle } from "@tenuto/core/Handle"
import type { Call } from "@tenuto/http/Provider"

/** Segments that mean the same to everyone who reads a URL: nothing leads up, nothing is encoded, nothing follows. */
const plain = /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)+$/
/** Longer than the address of any job, and short enough to be kept in a handle. */
const longest = 1000

const isPlain = (path: string | undefined): path is string =>
  path !== undefined && path.length <= longest && plain.test(path)

/**
 * Read the address that the service gave as a path under the base; `undefined` where it is none.
 *
 * T-WH-1: `/jobs/x` is relative to the base with its path, not to its origin. One that repeats the path of the base could
 * be meant either way.
 */
export const given = (base: string, address: unknown): string | undefined => {
  if (typeof address !== "string") return undefined
  const { href, pathname } = new URL(base)
  const isAbsolute = !address.startsWith("/")
  const path = isAbsolute ? beneath(href, address) : address
  const isAmbiguous = !isAbsolute && address.startsWith(`${pathname}/`)
  return isPlain(path) && !isAmbiguous ? path : undefined
}

/** What of an absolute address comes after the base. */
const beneath = (base: string, address: string): string | undefined => {
  const href = URL.canParse(address) ? new URL(address).href : ""
  const root = base.replace(/\/$/, "")
  return href.startsWith(root) ? href.slice(root.length) : undefined
}

/**
 * Find where to look for the work behind a handle.
 *
 * A locator that leads to another origin was not made here. It is passed on as it is meant, for the provider to refuse:
 * whoever forged it gets no credential, and whoever was handed it is told.
 */
export const of = ({ id, locator, origin }: Pick<Handle, "id" | "locator" | "origin">): Call["path"] => {
  if (locator === undefined || isPlain(locator)) return locator ?? byId(id)
  const target = URL.canParse(locator, origin) ? new URL(locator, origin) : undefined
  const isAstray = target !== undefined && /^https?:$/.test(target.protocol) && target.origin !== origin
  return isAstray ? target.href : byId(id)
}

/** S004 `GET /jobs/{job_id}`. */
const byId = (id: string): Call["path"] => ["jobs", id]
