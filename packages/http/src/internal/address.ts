/**
 * Composes the address of a call.
 *
 * A name that a URL cannot hold as it is would ask for something else: `..` leads up, and half a character becomes another
 * one. Such a name is refused, never replaced.
 */
import * as Result from "effect/Result"
import type { Call } from "./table.ts"

const isHalf = (text: string): boolean => /\p{Surrogate}/u.test(text)
const isDots = (segment: string): boolean => /^(?:\.|%2e){1,2}$/i.test(segment)
/** What is encoded as a whole may hold anything but these. */
const isNoSegment = (name: string): boolean => name === "" || name === "." || name === ".." || isHalf(name)

/** The whole address, or what is wrong with one of its parts. */
export const of = (base: string, { path, query = {} }: Call): Result.Result<string, string> => {
  const isList = typeof path !== "string"
  const isAbsolute = !isList && /^https?:/i.test(path)
  const segments = isList ? path : isAbsolute ? [] : (path.split(/[?#]/, 1)[0] ?? "").split(/[/\\]/)
  const bad =
    segments.find((segment) => (isList ? isNoSegment(segment) : isDots(segment) || isHalf(segment))) ??
    Object.values(query).find(isHalf)
  if (bad !== undefined) return Result.fail(`no address can hold the name ${JSON.stringify(bad)} as it is`)
  const search = new URLSearchParams(query).toString()
  const joined = isList ? `/${path.map(encodeURIComponent).join("/")}` : path
  const address = isAbsolute ? joined : `${base}${joined}`
  return Result.succeed(search === "" ? address : `${address}${address.includes("?") ? "&" : "?"}${search}`)
}
