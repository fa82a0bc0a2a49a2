import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { violations } from "../boundaries.ts"

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "tenuto-boundaries-"))
afterAll(() => fs.rmSync(scratch, { recursive: true }))

const ours = [
  "core",
  "http",
  "journal",
  "testkit",
  "transport-fetch",
  "transport-node",
  "providers/one",
  "providers/two",
]

/** A small workspace that keeps every rule, but for the planted files. */
const planted = (files: Readonly<Record<string, string>>) => {
  const root = fs.mkdtempSync(path.join(scratch, "case-"))
  const write = (file: string, text: string) => {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
    fs.writeFileSync(path.join(root, file), text)
  }
  const folders = [...ours.map((folder) => `packages/${folder}`), "apps/cli"]
  for (const folder of folders) {
    const name = `@tenuto/${path.basename(folder)}`
    const peers = ["effect", "@tenuto/core", "@tenuto/http", "@tenuto/testkit"].filter((peer) => peer !== name)
    const peerDependencies = Object.fromEntries(peers.map((peer) => [peer, "*"]))
    write(`${folder}/package.json`, JSON.stringify({ name, peerDependencies, dependencies: { undici: "8" } }))
    write(`${folder}/src/index.ts`, "export {}")
  }
  write("tsconfig.json", JSON.stringify({ references: folders.map((folder) => ({ path: folder })) }))
  for (const [file, text] of Object.entries(files)) write(file, text)
  return violations(root)
}

describe("boundaries", () => {
  it("a workspace that keeps the rules is left alone", () => {
    const lawful = {
      "packages/core/src/Contract.ts": 'import * as Effect from "effect/Effect"',
      "packages/core/src/Handle.ts":
        'import { a } from "./Contract.ts"\nimport "./internal/join.ts"\n// over HTTP or not',
      "packages/core/src/internal/join.ts": "export {}",
      "packages/core/src/index.ts": 'export * as Handle from "./Handle.ts"',
      "packages/http/src/Signature.ts": 'import * as Mac from "effect/crypto/Mac"\nimport "@tenuto/core/Handle"',
      "packages/transport-node/src/index.ts": 'import "undici"\nimport "node:net"\nimport "@tenuto/http/Transport"',
      "packages/testkit/src/index.ts":
        'import type { Socket } from "node:net"\nexport type A = typeof import("node:fs")',
      "packages/providers/one/src/Emulator.ts": 'import "@tenuto/testkit/Emulator"\nimport "./internal/story.ts"',
      "packages/providers/one/src/internal/story.ts": 'import "@tenuto/testkit/Script"\nimport "./wire.ts"',
      "packages/providers/one/src/internal/wire.ts": "export {}",
      "packages/providers/one/src/One.ts": 'import "./internal/wire.ts"',
      "apps/cli/src/index.ts": 'import * as all from "effect"\nimport "@tenuto/testkit"\nimport "@tenuto/one"',
    }
    expect(planted(lawful)).toEqual([])
  })

  it.each<readonly [string, string, string, string]>([
    ["core knows no other package", "core", 'import "@tenuto/journal"', "@tenuto/core may import nothing of ours"],
    ["core knows nothing but effect", "core", 'import "undici"', "effect alone"],
    ["core knows no Node", "core", 'import "node:fs"', "where there is no Node"],
    ["a builtin is one without its prefix too", "core", 'import "fs"', "where there is no Node"],
    ["core rests on stable modules", "core", 'import type * as F from "effect/FileSystem"', "unstable"],
    ["core may not even use effect/crypto", "core", 'import "effect/crypto"', "unstable"],
    ["a module that effect does not have is not stable", "core", 'import "effect/Nothing"', "unknown"],
    ["core sends nothing", "core", 'export const a = () => fetch("x")', '"fetch("'],
    ["core names no protocol in code", "core", "export const statusCode = 1", '"statusCode"'],
    ["the binding rests on stable modules", "http", 'import "effect/http"', "unstable"],
    ["the binding knows no Node", "http", 'import "node:crypto"', "where there is no Node"],
    ["fetch knows no Node", "transport-fetch", 'import "node:http"', "where there is no Node"],
    ["a transport knows no other", "transport-fetch", 'import "@tenuto/transport-node"', "dependencies point inwards"],
    ["a journal knows no protocol", "journal", 'import "@tenuto/http"', "dependencies point inwards"],
    [
      "the test kit asks Node for its modules",
      "testkit",
      'export const a = () => import("node:fs")',
      "browsers load the test kit",
    ],
    ["the test kit knows no transport", "testkit", 'import "@tenuto/transport-node"', "dependencies point inwards"],
    [
      "a provider knows no transport",
      "providers/one",
      'import "@tenuto/transport-fetch"',
      "dependencies point inwards",
    ],
    ["a provider knows no other", "providers/one", 'import "@tenuto/two"', "dependencies point inwards"],
    [
      "a provider's face knows no test kit",
      "providers/one",
      'import "@tenuto/testkit"',
      "only a provider's Emulator.ts",
    ],
    ["nobody imports the barrel", "journal", 'import { Effect } from "effect"', "the barrel"],
    ["a re-export is an import", "journal", 'export { Effect } from "effect"', "the barrel"],
    ["a dynamic import is an import", "journal", 'export const a = () => import("effect")', "the barrel"],
    ["a type's import is an import", "journal", 'export type A = import("effect").Effect', "the barrel"],
    ["what is imported is declared", "journal", 'import "left-pad"', "neither dependency nor peer dependency"],
    ["a package does not import itself", "http", 'import "@tenuto/http/Delay"', "itself"],
    ["a path does not lead out of the package", "http", 'import "../../core/src/index.ts"', "not by its path"],
  ])("%s", (_, folder, text, rule) => {
    const found = planted({ [`packages/${folder}/src/index.ts`]: `\n${text}\n` })
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(`packages/${folder}/src/index.ts:2: `)
    expect(found[0]).toContain(rule)
  })

  it("inside core imports go one way", () => {
    const found = planted({
      "packages/core/src/Contract.ts": 'import "./Client.ts"',
      "packages/core/src/Client.ts": "",
    })
    expect(found).toEqual([expect.stringMatching(/Contract\.ts:1: import "\.\/Client\.ts" — inside core/)])
  })

  it("a new file in core asks for its place", () => {
    const found = planted({
      "packages/core/src/Zebra.ts": 'import "./Contract.ts"',
      "packages/core/src/Contract.ts": "",
    })
    expect(found).toEqual([expect.stringContaining("Zebra.ts has no place in the order")])
  })

  it("files that import one another are found once, through types too", () => {
    const found = planted({
      "packages/http/src/A.ts": 'import "./B.ts"',
      "packages/http/src/B.ts": 'import type { C } from "./C.ts"',
      "packages/http/src/C.ts": 'export * from "./A.ts"',
    })
    expect(found).toEqual([expect.stringContaining("A.ts → packages/http/src/B.ts → packages/http/src/C.ts → ")])
  })

  it("packages that import one another are found", () => {
    const found = planted({
      "packages/core/src/index.ts": 'import "@tenuto/http"',
      "packages/http/src/index.ts": 'import "@tenuto/core"',
    })
    expect(found).toContainEqual(
      expect.stringMatching(
        /@tenuto\/core → @tenuto\/http → @tenuto\/core|@tenuto\/http → @tenuto\/core → @tenuto\/http/,
      ),
    )
  })

  it("an internal file that others reach too may not know the test kit", () => {
    const found = planted({
      "packages/providers/one/src/Emulator.ts": 'import "./internal/story.ts"',
      "packages/providers/one/src/One.ts": 'import "./internal/middle.ts"',
      "packages/providers/one/src/internal/middle.ts": 'import "./story.ts"',
      "packages/providers/one/src/internal/story.ts": 'import "@tenuto/testkit"',
    })
    expect(found).toEqual([expect.stringContaining("internal/story.ts:1: ")])
  })

  it("effect and core are peers, never dependencies", () => {
    const manifest = { name: "@tenuto/journal", peerDependencies: { effect: "*" }, dependencies: { effect: "*" } }
    const found = planted({ "packages/journal/package.json": JSON.stringify(manifest) })
    expect(found.map((line) => line.split(" — ")[0])).toEqual([
      "packages/journal/package.json:1: effect is no peer dependency",
      "packages/journal/package.json:1: @tenuto/core is no peer dependency",
    ])
  })

  it("a package that nothing type-checks is found", () => {
    expect(planted({ "tsconfig.json": '{ "references": [] }' })).toHaveLength(ours.length + 1)
  })
})
