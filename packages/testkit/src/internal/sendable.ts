/** What no transport could send is refused in memory too. */
import { flaw, reveal, type Request } from "@tenuto/http/Exchange"
import { Unsent } from "@tenuto/http/Transport"

/** RFC 6761: a name under `invalid` has no address, wherever it is looked up. */
const isNowhere = (url: string): boolean => new URL(url).hostname.endsWith(".invalid")

/** Why a request cannot go over a socket as it stands; `undefined`: it can. */
export const refusalOf = (request: Request): Unsent | undefined => {
  const detail = flaw(request)
  if (detail !== undefined) return new Unsent({ problem: "InvalidRequest", detail })
  if (!isNowhere(reveal(request.url))) return undefined
  return new Unsent({ problem: "NameNotFound", detail: "the host has no known address" })
}
