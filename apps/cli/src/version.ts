/** The version of this package, read from its manifest. */
import { readFileSync } from "node:fs"

export const version = (): string => {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"))
  const isVersioned = typeof manifest === "object" && manifest !== null && "version" in manifest
  return isVersioned ? String(manifest.version) : "unknown"
}
