/**
 * Bundles the browser example as a careful team would, and holds it to its limit in `.size-limit.json`.
 *
 * Vite, for production, told what is true of this code: reading a property has no effect.
 */
import { build } from "vite"
import { run } from "./run.ts"

await build({
  configFile: false,
  logLevel: "error",
  build: {
    outDir: ".size",
    target: "esnext",
    rolldownOptions: {
      input: "apps/examples/src/browser-song.ts",
      preserveEntrySignatures: "strict",
      treeshake: { propertyReadSideEffects: false, unknownGlobalSideEffects: false },
      output: { entryFileNames: "browser-song.js" },
    },
  },
})
const { ok, output } = await run(["size-limit"])
console.log(output)
if (!ok) process.exitCode = 1
