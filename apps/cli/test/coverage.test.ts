import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import * as Fault from "@tenuto/testkit/Fault"
import { at, directory, run } from "./tenuto.ts"

const fitting = (stage: Fault.Stage) => Fault.all.filter(({ stages }) => stages.includes(stage)).map(({ name }) => name)

const file = (lines: ReadonlyArray<object>): string => {
  const name = join(directory(), "coverage.jsonl")
  writeFileSync(name, lines.map((line) => `${JSON.stringify(line)}\n`).join(""))
  return name
}

test("the table says what was played at each stage that a service has, and what is missing", async () => {
  const played = file([
    ...fitting("submit").map((fault) => ({ service: "whisul", stage: "submit", fault })),
    { service: "whisul", stage: "look", fault: "503" },
    { service: "whisul", stage: "look", fault: "503" },
  ])
  const [table, json] = await Promise.all([
    run(["coverage", played, "--service", "whisul"]),
    run(["coverage", "--service", "whisul", "--json"], { env: { TENUTO_COVERAGE: played } }),
  ])
  const all = fitting("submit").length
  expect([table.code, json.code]).toEqual([0, 0])
  expect(table.out).toMatch(new RegExp(`whisul +submit +${all} of ${all} +100 %\n`))
  expect(table.out).toMatch(/whisul +look +1 of \d+ +\d+ % +refused /)
  expect(table.out).not.toMatch(/webhook|overten/)
  expect(json.lines).toMatchObject([{ covered: all + 1, rows: expect.arrayContaining([]) }])
  expect(at(json.lines[0], "unknown")).toEqual([])
})

test("a service that delivers has the faults of its letters to cover too", async () => {
  const { out } = await run(["coverage", file([]), "--service", "soundpiece"])
  expect(out).toMatch(/soundpiece +webhook +0 of \d+ +0 % .*doubled lost/)
})

test("below --min it ends with 1, and says what is missing", async () => {
  const played = file(["503", "502"].map((fault) => ({ service: "whisul", stage: "look", fault })))
  const args = ["coverage", played, "--service", "whisul"]
  const [below, above] = await Promise.all([run([...args, "--min", "80"]), run([...args, "--min", "1"])])
  expect([below.code, above.code, above.err]).toEqual([1, 0, ""])
  expect(below.err).toMatch(/ % is covered, and --min asks for 80 %; missing:\n {2}whisul: refused@submit\n/)
  expect(below.err).not.toContain("503@look")
})

test("a line that is no record is named, and one that fits no cell is told", async () => {
  const broken = file([{ service: "whisul", stage: "look", fault: "503" }, { service: "whisul" }])
  const strange = file([{ service: "choir", stage: "look", fault: "503" }])
  const [unread, told] = await Promise.all([run(["coverage", broken]), run(["coverage", strange])])
  expect([unread.code, unread.out]).toEqual([64, ""])
  expect(unread.err).toMatch(/coverage\.jsonl, line 2: .*stage/s)
  expect([told.code, told.err]).toEqual([0, "tenuto: in no cell of the table: choir: 503@look\n"])
})

test("a service of one's own counts with the stages that it is given", async () => {
  const played = file([{ service: "choir", stage: "look", fault: "503" }])
  const [own, strange, nameless] = await Promise.all([
    run(["coverage", played, "--service", "choir=look"]),
    run(["coverage", played, "--service", "choir=lunch"]),
    run(["coverage", played, "--service", "=look"]),
  ])
  expect([own.code, own.err]).toEqual([0, ""])
  expect(own.out).toMatch(/choir +look +1 of \d+/)
  expect([strange.code, strange.err]).toEqual([64, expect.stringContaining('"lunch" is no stage')])
  expect([nameless.code, nameless.err]).toEqual([64, expect.stringContaining("names no service")])
})
