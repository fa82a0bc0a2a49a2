import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, expect, it } from "vitest"
import { play, write } from "../guide.ts"
import { blocksOf, scenesOf } from "../readme.ts"

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
  expect(() => blocksOf(page("<!-- runs -->", "```ts", "never closed"))).toThrow("never ends")
})

it("a page that does not exist has no blocks", () => {
  expect(blocksOf(path.join(scratch, "none.md"))).toEqual([])
  expect(scenesOf(path.join(scratch, "none.md"))).toEqual([])
})

const guide = (prints: string) =>
  page(
    "```ts",
    "// three.ts",
    "export const three = 3",
    "```",
    "```ts",
    'import { three } from "./three.ts"',
    `console.log(three) // prints ${prints}`,
    'console.log("and")',
    "```",
    "<!-- prints -->",
    "```text",
    "and",
    "```",
    "```sh",
    "node three.ts && exit 1 # exits with 1",
    "```",
    "<!-- not run: there is no such program -->",
    "```sh",
    "no-such-program",
    "```",
  )

it("what a page plays is found with its name, what it prints, and why it is left out", () => {
  expect(scenesOf(guide("3"))).toMatchObject([
    { line: 2, language: "ts", name: "three.ts", prints: "", unplayed: undefined },
    { line: 6, name: "at-6.ts", prints: "3\nand" },
    { line: 15, language: "sh", prints: "" },
    { line: 19, unplayed: "there is no such program" },
  ])
  expect(() => scenesOf(page("```ts", "never closed"))).toThrow("README.md:1: a block that never ends")
})

it("a page is played from top to bottom, and what prints something else is told", async () => {
  const played = async (file: string) => {
    const folder = fs.mkdtempSync(path.join(scratch, "stage-"))
    fs.writeFileSync(path.join(folder, "package.json"), '{"type":"module"}')
    return play(write(file, folder), folder)
  }
  expect(await played(guide("3"))).toEqual([])
  expect(await played(guide("4"))).toEqual(["line 6: says that it prints\n4\nand\nand it printed\n3\nand\n"])
  expect(await played(page("```ts", "console.log(1)", "```"))).toHaveLength(1)
  expect(await played(page("```sh", "exit 1", "```", "```sh", "true # exits with 1", "```"))).toHaveLength(2)
})
