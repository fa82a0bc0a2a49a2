/** How this transport names itself to servers. */
import { readFileSync } from "node:fs"

const versionOf = (): string => {
  try {
    const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"))
    const isOurs = typeof manifest === "object" && manifest !== null && "version" in manifest
    return isOurs ? `/${String(manifest.version)}` : ""
  } catch {
    // A bundle has no manifest beside it.
    return ""
  }
}

let agent: string | undefined

/** `tenuto/<version>`; in a bundle, which has no manifest, `tenuto`. */
export const userAgent = (): string => (agent ??= `tenuto${versionOf()}`)
