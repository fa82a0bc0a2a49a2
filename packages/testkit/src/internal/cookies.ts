/** Cookies stand in one line among other headers, and are told apart where they are sent and read. */

const name = "set-cookie"

/** A comma within a date is none between two cookies, and neither is one without a space, which stands in a value. */
const apart = (joined: string): Array<string> => joined.split(/,\s+(?=[^;,\s=]+=)/)

/** The headers of an answer with each cookie on its own. */
export const withCookies = (headers: Readonly<Record<string, string>>): Record<string, string | Array<string>> => {
  const { [name]: cookies, ...rest } = headers
  return cookies === undefined ? rest : { ...rest, [name]: apart(cookies) }
}
