export * as Exchange from "./Exchange.ts"
export * as Transport from "./Transport.ts"
