/**
 * Runs the examples that stand in doc comments: each is a module that has to type-check and to load. And the guide's blocks:
 * each has to do and to print what the guide says.
 *
 * They are written under `apps/examples/doc-examples`, from where every package can be imported, and removed again.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import * as Guide from "./guide.ts"
import { run } from "./run.ts"
import { repository } from "./workspace.ts"

interface Example {
  readonly file: string
  readonly line: number
  readonly text: string
}

const examplesOf = (file: string): ReadonlyArray<Example> => {
  const source = fs.readFileSync(file, "utf8")
  return Array.from(source.matchAll(/\* @example\n\s*\* ```ts\n([\s\S]*?)\n\s*\* ```/g), (match) => ({
    file: path.relative(repository, file),
    line: source.slice(0, match.index).split("\n").length,
    text: (match[1] ?? "").replaceAll(/^\s*\* ?/gm, ""),
  }))
}

const files = fs.globSync("packages/{*,providers/*}/src/**/*.ts", { cwd: repository })
const examples = files.flatMap((file) => examplesOf(path.join(repository, file)))
const room = path.join(repository, "apps/examples/doc-examples")
const guide = path.join(repository, "docs/testing.md")
const complaints: Array<string> = []
let scenes: ReturnType<typeof Guide.write> = []

fs.rmSync(room, { recursive: true, force: true })
fs.mkdirSync(room)
try {
  const nameOf = ({ file, line }: Example) => `${file.replaceAll(/[^\w]+/g, "-")}-${line}.ts`
  for (const it of examples) fs.writeFileSync(path.join(room, nameOf(it)), `${it.text}\nexport {}\n`)
  const stage = path.join(room, "guide")
  scenes = Guide.write(guide, stage)
  const compilerOptions = { composite: false, noEmit: true, noUnusedLocals: false, types: ["node"] }
  const references = fs
    .globSync("packages/{*,providers/*}/tsconfig.build.json", { cwd: repository })
    .map((file) => ({ path: path.join(repository, file) }))
  const settings = { extends: "../../../tsconfig.base.json", compilerOptions, include: ["."], references }
  fs.writeFileSync(path.join(room, "tsconfig.json"), JSON.stringify(settings))
  const typed = await run(["tsc", "-b", room])
  if (!typed.ok) complaints.push(typed.output)
  fs.writeFileSync(path.join(room, "all.mjs"), examples.map((it) => `await import("./${nameOf(it)}")\n`).join(""))
  const loaded = await run(["node", path.join(room, "all.mjs")])
  if (!loaded.ok) complaints.push(loaded.output)
  for (const it of await Guide.play(scenes, stage)) complaints.push(`docs/testing.md, ${it}`)
} finally {
  fs.rmSync(room, { recursive: true })
}
if (examples.length === 0 || scenes.length === 0) complaints.push("no example was found; is the pattern still right?")
const played = scenes.filter(({ unplayed }) => unplayed === undefined).length
console.log(
  complaints.length === 0 ? `${examples.length} examples, ${played} blocks of the guide` : complaints.join("\n"),
)
process.exitCode = complaints.length === 0 ? 0 : 1
