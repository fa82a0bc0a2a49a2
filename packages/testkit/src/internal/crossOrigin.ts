/**
 * Lets pages of this machine call what is served on a loopback port (CORS): those of `http://localhost`, `127.0.0.1` and
 * `[::1]`, on any port, and no page of the web.
 */
import type { IncomingMessage, ServerResponse } from "node:http"

const loopbackOrigin = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/

/** Answer a preflight, which is the browser's own question and no request to the service; else let the page read what comes. */
export const isPreflight = (request: IncomingMessage, response: ServerResponse): boolean => {
  const { origin, "access-control-request-headers": headers, "access-control-request-method": method } = request.headers
  if (origin === undefined) return false
  const isAllowed = loopbackOrigin.test(origin)
  if (isAllowed) {
    response.setHeader("access-control-allow-origin", origin)
    response.setHeader("access-control-expose-headers", "*")
    response.setHeader("vary", "origin")
  }
  if (request.method !== "OPTIONS" || method === undefined) return false
  request.resume()
  response.sendDate = false
  if (isAllowed) {
    response.setHeader("access-control-allow-methods", method)
    response.setHeader("access-control-allow-headers", headers ?? "")
  }
  response.writeHead(isAllowed ? 204 : 403).end()
  return true
}
