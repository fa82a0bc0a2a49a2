/** A request that carries secrets wherever it can, and a look for them in whatever is said of it. */
import { inspect } from "node:util"
import { assert } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import type { Request } from "@tenuto/http/Exchange"
import type { Limits, Unanswered, Unsent } from "@tenuto/http/Transport"

export const secret = "t0p-s3cret-value"

export const request = (url: string, more: Partial<Request> = {}): Request => ({
  method: "POST",
  url: Redacted.make(`${url}?signature=${secret}`),
  headers: { authorization: Redacted.make(`Bearer ${secret}`), "x-plain": "1" },
  body: new TextEncoder().encode(`{"token":"${secret}"}`),
  ...more,
})

export const limits = (more: Partial<Limits> = {}): Limits => ({
  timeout: Duration.seconds(10),
  maxBytes: 1_000_000n,
  ...more,
})

export const assertSilent = (exit: Exit.Exit<unknown, Unsent | Unanswered>): void => {
  const cause = Exit.isFailure(exit) ? exit.cause : Cause.empty
  const failures = cause.reasons.flatMap((reason) => (Cause.isFailReason(reason) ? [reason.error] : []))
  const texts = [
    Cause.pretty(cause),
    ...failures.flatMap((error) => [
      error.message,
      error.stack ?? "",
      String(error),
      JSON.stringify(error),
      inspect(error, { depth: 10, showHidden: true }),
    ]),
  ]
  for (const text of texts) assert.notInclude(text, secret)
}
