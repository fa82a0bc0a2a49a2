/** For provider authors. */
export * as Provider from "./Provider.ts"
export * as Verdict from "./Verdict.ts"
export * as Delay from "./Delay.ts"
export * as Json from "./Json.ts"
export * as Budget from "./Budget.ts"
export * as Multipart from "./Multipart.ts"
export * as Link from "./Link.ts"
export * as Deprecation from "./Deprecation.ts"
export * as Signature from "./Signature.ts"

/** For callers. */
export * as Webhook from "./Webhook.ts"
export * as Download from "./Download.ts"

/** For transport authors. */
export * as Transport from "./Transport.ts"
export * as Exchange from "./Exchange.ts"
