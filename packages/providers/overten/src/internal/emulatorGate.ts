/** Who may ask, and how often: keys, tiers and limits of the account, and what stands on every answer of the API. */
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { Behaviour, json, type Request } from "@tenuto/testkit/Emulator"
import * as Credential from "@tenuto/testkit/Credential"
import type * as Routes from "@tenuto/testkit/Routes"
import * as Window from "@tenuto/testkit/Window"
import * as Desk from "./emulatorDesk.ts"
import * as Asked from "./emulatorRequest.ts"
import * as Work from "./emulatorWork.ts"

export type Tier = keyof typeof tiers

export interface Options {
  readonly base: string
  readonly apiKey: string | Redacted.Redacted<string> | undefined
  readonly tier: Tier
  readonly limit: Window.Limit | undefined
  readonly isSuspended: boolean
  readonly deprecated: { readonly sunset?: string } | undefined
  readonly secret: string
  readonly seed: number
}

export interface Gate {
  readonly manners: Routes.Manners
  readonly verify: Routes.Route
  /** What an answer to this request carries besides. */
  readonly signed: (request: Request, behaviour: Behaviour) => Behaviour
}

/** S002 "Rate limits". */
export const tiers = {
  free: { requests: 10, places: 2 },
  pro: { requests: 60, places: 10 },
  enterprise: { requests: 600, places: 50 },
} as const

const keyOf = Credential.reader([Credential.bearer, Credential.header("x-api-key")])

export const make = ({
  apiKey,
  base,
  deprecated,
  isSuspended,
  limit,
  secret,
  seed,
  tier,
}: Options): Effect.Effect<Gate> =>
  Effect.map(Window.make(limit ?? { requests: tiers[tier].requests, window: "1 minute" }), (window) => {
    const verify = `${base}/verify`
    const account = { org_id: "org_emulated", status: isSuspended ? "suspended" : "active", tier }
    const notice = deprecated === undefined ? {} : { "x-deprecated": "true", ...deprecated }
    let answers = 0
    return {
      manners: {
        unknown: () => Effect.succeed(Desk.missing("Endpoint")),
        wrongVerb: (_, allow) => Effect.succeed(json(405, { detail: "Method Not Allowed" }, { allow })),
        guard: Effect.fnUntraced(function* (request, { path }) {
          const key = keyOf(request)
          if (!Credential.isAccepted(key, apiKey)) {
            return Asked.refuse(401, "invalid_api_key", "The API key is missing, malformed or revoked.")
          }
          const wait = yield* window.admit(key ?? "")
          if (wait !== undefined) {
            const hint = { "retry-after": Window.retryAfter(wait) }
            return Asked.refuse(429, "rate_limit_exceeded", `Over the limit of the ${tier} tier.`, {}, hint)
          }
          return isSuspended && path !== verify
            ? Asked.refuse(403, "forbidden", "The organisation is suspended.")
            : undefined
        }),
      },
      verify: {
        method: "GET",
        path: verify,
        stage: "submit",
        answer: () => Effect.succeed(json(200, { ...account, webhook_secret: secret })),
      },
      // S002 `X-Request-Id`, contract 3.13 `X-Deprecated` and `Sunset`.
      signed: (request, behaviour) => {
        if (!Behaviour.$is("Answered")(behaviour) || !new URL(request.url).pathname.startsWith(base)) return behaviour
        const { response } = behaviour
        const headers = { ...response.headers, ...notice, "x-request-id": Work.requestId(seed, answers++) }
        return Behaviour.Answered({ response: { ...response, headers } })
      },
    }
  })
