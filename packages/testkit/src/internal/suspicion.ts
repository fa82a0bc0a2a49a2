/** Which names say that what they hold is a secret. */

/** A name however it is spelled. */
export const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, "")

/** Where a name stands: a word may mean a secret in one place, and anything in another. */
export type Place = "header" | "query" | "member"

const anywhere =
  /authorization|cookie|secret|passw|passphrase|passcode|pwd|apikey|accesskey|authkey|privatekey|signingkey|subscriptionkey|functionskey|credential|signature|token$|(?:access|api|auth|refresh|session)tokens$|^tokens$|^xkey$|^sig$|^hmac$|^auth$|^jwt$|^pass$|^pw$|^sid$|sessionid$/
const within: { readonly [P in Place]: RegExp } = {
  header:
    /(?<!idempotency|idempotent|cache|surrogate|partition|routing|sort|dedup|deduplication|public|websocket)key$|^x?auth$|^x?pin$|bearer$|session$|accesscode$/,
  query: /^(?:key|code|policy|session)$/,
  member: /(?!)/,
}

export const isSuspicious = (name: string, place: Place): boolean => anywhere.test(name) || within[place].test(name)

/** Names of what is said about a secret. */
const telling =
  /(?:status|statuscode|state|type|kind|object|scheme|algorithm|alg|role|scopes?|id|name|user|email|domain|host|path|url|uri|at|on|date|time|expires|expiresin|expiry|version|count|length)$/

export const isTelling = (name: string): boolean => telling.test(name)
