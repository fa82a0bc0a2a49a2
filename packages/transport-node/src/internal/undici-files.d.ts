// undici ships these two files without declarations of their own; its `types/` folder describes both.
declare module "undici/lib/dispatcher/client.js" {
  import type { Client } from "undici"
  const value: typeof Client
  export default value
}

declare module "undici/lib/core/connect.js" {
  import type { buildConnector } from "undici"
  const value: typeof buildConnector
  export default value
}
