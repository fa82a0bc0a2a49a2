/** A trap or a contradiction that a page of facts names is tried by a test of that name, and the other way round. */
import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import { repository } from "../workspace.ts"

const id = /\b[CT]-(?:SP|OV|HD|WH)-\d+\b/g
const read = (file: string) => fs.readFileSync(path.join(repository, file), "utf8")
const idsIn = (text: string) => new Set(text.match(id))

/** Only what begins a title counts, and a title stands first in a call that ends in a function: a mention tries nothing. */
const titles = (text: string) =>
  [...text.matchAll(/\(\s*(["'`])([CT]-\w+-\d+(?:(?!\1).)*)\1,\s*(?:async )?\(/g)].map(([, , title]) => title ?? "")

/** How many the contract has: a page that forgets one does not pass for whole. */
const whole: Readonly<Record<string, readonly [contradictions: number, traps: number]>> = {
  soundpiece: [5, 11],
  overten: [7, 9],
  heydonna: [4, 7],
  whisul: [5, 7],
}

const folders = fs.globSync("packages/providers/*", { cwd: repository }).toSorted()

describe.each(folders)("%s", (folder) => {
  const tests = fs.globSync(`${folder}/test/**/*.test.ts`, { cwd: repository }).map(read)
  const tried = new Set(tests.flatMap((text) => titles(text).flatMap((title) => [...idsIn(title)])))
  const stated = idsIn(read(`${folder}/FACTS.md`))

  it("every trap and contradiction that its facts name has a test of that name", () => {
    expect([...stated].filter((one) => !tried.has(one))).toEqual([])
    expect([...tried].filter((one) => !stated.has(one))).toEqual([])
  })

  it("its facts name every one there is", () => {
    const [contradictions, traps] = whole[path.basename(folder)] ?? [0, 0]
    const count = (kind: string) => [...stated].filter((one) => one.startsWith(kind)).length
    expect([count("C-"), count("T-")]).toEqual([contradictions, traps])
  })
})
