/** Whether a request could go over a socket as it stands: what no transport sends is refused in memory too. */
import { reveal, type Request } from "@tenuto/http/Exchange"

// The URL parser drops line ends and trims spaces without a word.
// oxlint-disable-next-line no-control-regex
const blank = /[\u0000-\u0020\u007f]/
const unfit = /[^\t\u0020-\u007e\u0080-\u00ff]/
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

const isAddress = (text: string): boolean => {
  const url = blank.test(text) ? null : URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === ""
}

export const isSendable = ({ headers, method, url }: Request): boolean =>
  isAddress(reveal(url)) &&
  token.test(method) &&
  method !== "CONNECT" &&
  Object.entries(headers).every(([name, value]) => token.test(name) && !unfit.test(reveal(value)))
