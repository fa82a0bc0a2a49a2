import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, expect, it } from "vitest"
import { blocksOf } from "../readme.ts"

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "tenuto-readme-"))
afterAll(() => fs.rmSync(scratch, { recursive: true }))

const page = (...lines: ReadonlyArray<string>) => {
  const file = path.join(fs.mkdtempSync(path.join(scratch, "case-")), "README.md")
  fs.writeFileSync(file, lines.join("\n"))
  return file
}

it("marked blocks are found with their line, others are left alone", () => {
  const file = page(
    "# A",
    "```ts",
    "unmarked",
    "```",
    "<!-- runs -->",
    "",
    "```ts",
    "one",
    "two",
    "```",
    "```ts",
    "x",
    "```",
  )
  expect(blocksOf(file)).toEqual([{ line: 8, text: "one\ntwo" }])
})

it("a mark that no block follows is an error", () => {
  expect(() => blocksOf(page("<!-- runs -->", "prose", "```ts", "one", "```"))).toThrow("README.md:1: no ts block")
  expect(() => blocksOf(page("<!-- runs -->", "```sh", "one", "```"))).toThrow("no ts block")
  expect(() => blocksOf(page("<!-- runs -->", "```ts", "never closed"))).toThrow("no ts block")
})

it("a page that does not exist has no blocks", () => {
  expect(blocksOf(path.join(scratch, "none.md"))).toEqual([])
})
