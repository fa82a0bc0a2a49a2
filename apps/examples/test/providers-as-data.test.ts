import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import * as AzureStyle from "@tenuto/examples/azure-style"
import * as GoogleStyle from "@tenuto/examples/google-style"

const providers = { "azure-style": AzureStyle, "google-style": GoogleStyle } as const
const most = 120

describe.each(Object.entries(providers))(
  "%s is a provider written as data",
  (name, { contract, render, table, verdicts }) => {
    const source = readFileSync(new URL(`../src/${name}.ts`, import.meta.url), "utf8")

    it(`in one file of at most ${most} lines`, () => {
      expect(source.trimEnd().split("\n").length).toBeLessThanOrEqual(most)
    })

    it("which imports what core, http and effect make public, and nothing else", () => {
      const imported = Array.from(source.matchAll(/\bfrom "([^"]+)"|\bimport\(|\brequire\(/g), ([, from]) => from)
      expect(imported.length).toBeGreaterThan(0)
      for (const from of imported) expect(from).toMatch(/^(@tenuto\/(core|http)|effect)(\/[A-Z]\w*)?$/)
    })

    it("and starts nothing: no effect, no clock, no chance, no loop", () => {
      expect(source).not.toMatch(/\b(Effect|Clock|Random|Date|Math\.random|fetch|setTimeout|while|for) ?[.(]/)
    })

    it("with a source for every row of its table, and a row for every code of its operation", () => {
      for (const { source } of verdicts) expect(source).not.toBe("")
      const settling = verdicts.flatMap((row) => (row.stage === "settle" ? [row.code] : []))
      for (const code of render.codes) expect(settling).toContain(code)
      expect(table.endpoints["render"]?.cancel === undefined).toBe(contract.cancellation === "None")
    })
  },
)
