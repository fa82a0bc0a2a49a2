/**
 * The key that a request carries, and whether the service knows it.
 *
 * It never says which keys there are, and answers nothing: a refusal is worded by the service.
 *
 * @example
 * ```ts
 * import * as Credential from "@tenuto/testkit/Credential"
 *
 * const find = Credential.reader([Credential.bearer, Credential.header("x-api-key")])
 * const key = find({ headers: { authorization: "Bearer sk_test" } })
 * console.log(Credential.isAccepted(key, "sk_test")) // true
 * ```
 */
import * as Redacted from "effect/Redacted"
import type { Request } from "./Handler.ts"

/** Finds the key in a request. */
export type Reader = (request: Pick<Request, "headers">) => string | undefined

/** `Authorization: Bearer <key>`, the key without a space in it. */
export const bearer: Reader = ({ headers }) => /^Bearer (\S+)$/.exec(headers["authorization"] ?? "")?.[1]

/** A header of its own. */
export const header =
  (name: string): Reader =>
  ({ headers }) =>
    headers[name] === "" ? undefined : headers[name]

/** Look in several places; the first that has a key decides. */
export const reader =
  (places: ReadonlyArray<Reader>): Reader =>
  (request) =>
    places.map((place) => place(request)).find((key) => key !== undefined)

/** Whether this key opens the service. Without one to compare with every key does, and no key never. */
export const isAccepted = (
  given: string | undefined,
  accepted: string | Redacted.Redacted<string> | undefined,
): boolean =>
  accepted === undefined
    ? given !== undefined
    : given === (Redacted.isRedacted(accepted) ? Redacted.value(accepted) : accepted)

const headers = ["authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "x-auth-token"]

/** Whether a request carries anybody's key, in any form. */
export const isCarried = (request: Pick<Request, "headers">): boolean =>
  headers.some((name) => request.headers[name] !== undefined)
