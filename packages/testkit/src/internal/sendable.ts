/** What no transport could send is refused in memory too. */
import { reveal, type Request } from "@tenuto/http/Exchange"
import { Unsent } from "@tenuto/http/Transport"

// The URL parser drops line ends and trims spaces without a word.
// oxlint-disable-next-line no-control-regex
const blank = /[\u0000-\u0020\u007f]/
const unfit = /[^\t\u0020-\u007e\u0080-\u00ff]/
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

const isAddress = (text: string): boolean => {
  const url = blank.test(text) ? null : URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === ""
}

const isSendable = ({ headers, method, url }: Request): boolean =>
  isAddress(reveal(url)) &&
  token.test(method) &&
  method !== "CONNECT" &&
  Object.entries(headers).every(([name, value]) => token.test(name) && !unfit.test(reveal(value)))

/** RFC 6761: a name under `invalid` has no address, wherever it is looked up. */
const isNowhere = (url: string): boolean => new URL(url).hostname.endsWith(".invalid")

/** Why a request cannot go over a socket as it stands; `undefined`: it can. */
export const refusalOf = (request: Request): Unsent | undefined => {
  if (!isSendable(request)) {
    return new Unsent({ problem: "InvalidRequest", detail: "it is no request that HTTP can carry" })
  }
  if (!isNowhere(reveal(request.url))) return undefined
  return new Unsent({ problem: "NameNotFound", detail: "the host has no known address" })
}
