/** Turns a call of a table into a request, and keeps the credential where it belongs. */
import type { Request, Text } from "../Exchange.ts"
import * as Json from "../Json.ts"
import type { Call, Settings } from "./table.ts"

type Sent = Readonly<Record<string, Text>>

/** Names of headers mean the same in any case: of two that differ in case alone the later one counts. */
const lower = <A extends Text>(headers: Readonly<Record<string, A>> = {}): Readonly<Record<string, A>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

/** The request of a call, without its credential: its own headers win, but not over a form's boundary. */
export const requestOf = (url: string, { body, form, headers: own, method }: Call): Request => {
  const accept = { accept: "application/json" }
  const type = "content-type"
  if (form !== undefined) {
    return { method, url, headers: { ...accept, ...lower(own), [type]: form.contentType }, body: form.body }
  }
  if (body === undefined) return { method, url, headers: { ...accept, ...lower(own) } }
  return { method, url, headers: { ...accept, [type]: "application/json", ...lower(own) }, body: Json.write(body) }
}

/** The request with its credential, over which no header of a call wins. */
export const bearing = (request: Request, credential: Sent): Request => ({
  ...request,
  headers: { ...request.headers, ...lower(credential) },
})

/** The origin of what is no base for paths. */
export const nowhere = "nowhere"

/** The origin of an address; `nowhere` for one that is none. */
export const originOf = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url === undefined || !/^https?:$/.test(url.protocol) ? nowhere : url.origin
}

/** This machine, and names that lead nowhere but to a test (RFC 6761). */
const local = /^http:\/\/(127(\.\d+){3}|\[::1\]|([^/]+\.)?(localhost|test)\.?)(:\d+)?$/

/** Why no credential goes from a base to an address (law 10); `undefined`: it may. */
export const refusal = (
  origin: string,
  url: string,
  { allowInsecureConnection = false }: Pick<Settings, "allowInsecureConnection">,
): string | undefined => {
  if (origin === nowhere) {
    return "the base url is not an absolute http or https url without query and fragment; correct baseUrl"
  }
  if (originOf(url) !== origin) {
    return `the path of the request leads away from ${origin}, where the credential belongs`
  }
  if (allowInsecureConnection || !origin.startsWith("http:") || local.test(origin)) return undefined
  return `${origin} would send the credential over plain http; give https in baseUrl, or set allowInsecureConnection to true`
}
