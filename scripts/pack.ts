/**
 * Packs every public package, judges each tarball, installs them all in an empty folder and uses them there.
 *
 * What it catches is what the workspace hides: a file that is not shipped, an entry that does not resolve, types that do
 * not arrive, a dependency that was never declared, a second copy of effect, a README that lies.
 */
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import { createInterface } from "node:readline"
import * as os from "node:os"
import * as path from "node:path"
import { blocksOf } from "./readme.ts"
import { run } from "./run.ts"
import { pack, packages } from "./tarballs.ts"
import { type Member, repository } from "./workspace.ts"

const complaints: Array<string> = []

/** Run a command; if it fails, keep what it said. */
const attempt = async (title: string, command: ReadonlyArray<string>, cwd?: string) => {
  const { ok, output } = await run(command, cwd)
  if (!ok) complaints.push(`${title}\n${output.trim()}`)
  return { ok, output }
}

const room = fs.mkdtempSync(path.join(os.tmpdir(), "tenuto-pack-"))
process.on("exit", () => fs.rmSync(room, { recursive: true, force: true }))

const packed = await pack()
const tarball = typeof packed === "string" ? () => "" : packed

/** What `./*` of a package stands for, and `.`. */
const entries = (it: Member) =>
  it.sources
    .map((file) => path.relative(path.join(repository, it.folder, "src"), file))
    .filter((file) => !file.includes(path.sep) && file !== "main.ts")
    .map((file) => (file === "index.ts" ? "." : `./${path.basename(file, ".ts")}`))
    .filter((entry) => entry === "." || it.hasSubpaths)

const judge = async (it: Member) => {
  const { output } = await run(["tar", "tzf", tarball(it)])
  const stray = output.split("\n").filter((file) => /tsbuildinfo|\.test\.|\/test\//.test(file))
  if (stray.length > 0) complaints.push(`${it.name} ships what nobody needs: ${stray.join(", ")}`)
  const asked = ["--profile", "esm-only", "--entrypoints", ...entries(it)]
  await Promise.all([
    attempt(`publint ${it.name}`, ["publint", "run", tarball(it), "--strict"]),
    attempt(`attw ${it.name}`, ["attw", tarball(it), "--no-emoji", "--format", "ascii", ...asked]),
  ])
}

/** A strict user's settings; what Node's own types are is the workspace's word. */
const settings = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedSideEffectImports: true,
  skipLibCheck: true,
  noEmit: true,
  module: "nodenext",
  target: "es2023",
  lib: ["es2023", "dom", "dom.iterable", "esnext.disposable"],
  types: ["node"],
  typeRoots: [path.join(repository, "node_modules/@types")],
}

/** What the README runs against: the packed command's own emulator. */
const withService = async (folder: string, use: (url: string) => Promise<void>) => {
  const tenuto = path.join(folder, "node_modules/.bin/tenuto")
  const stdio: ["ignore", "pipe", "inherit"] = ["ignore", "pipe", "inherit"]
  const emulator = spawn(tenuto, ["emulate", "soundpiece", "--work", "1s", "--json"], { cwd: folder, stdio })
  try {
    for await (const line of createInterface(emulator.stdout)) {
      const { listening } = JSON.parse(line) as { readonly listening?: string }
      if (listening === undefined) continue
      return await use(listening)
    }
    complaints.push("tenuto emulate ended before it listened")
  } finally {
    emulator.kill()
  }
}

const useThem = async () => {
  const folder = path.join(room, "empty")
  fs.mkdirSync(folder)
  const write = (file: string, text: string) => fs.writeFileSync(path.join(folder, file), text)
  const effect = JSON.parse(fs.readFileSync(path.join(repository, "node_modules/effect/package.json"), "utf8")) as {
    readonly version: string
  }
  const dependencies = Object.fromEntries(packages.map((it) => [it.name, `file:${tarball(it)}`]))
  write(
    "package.json",
    JSON.stringify({ type: "module", private: true, dependencies: { ...dependencies, effect: effect.version } }),
  )
  const install = ["npm", "install", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"]
  if (!(await attempt("npm install of all tarballs", install, folder)).ok) return 0

  const copies = fs.globSync("**/node_modules/effect/package.json", { cwd: folder })
  if (copies.length !== 1) complaints.push(`there is more than one copy of effect:\n${copies.join("\n")}`)

  const specifiers = packages.flatMap((it) => entries(it).map((entry) => path.posix.join(it.name, entry)))
  write("entries.js", specifiers.map((it) => `await import(${JSON.stringify(it)})`).join("\n"))
  await attempt("import of every public entry", ["node", "entries.js"], folder)

  const cli = packages.find((it) => it.name === "@tenuto/cli")
  const { ok, output } = await attempt("tenuto --version", ["./node_modules/.bin/tenuto", "--version"], folder)
  if (ok && cli !== undefined && !output.includes(cli.version))
    complaints.push(`tenuto --version says ${JSON.stringify(output.trim())}, the package is ${cli.version}`)

  const blocks = blocksOf(path.join(repository, "README.md"))
  for (const { line, text } of blocks) write(`readme-${line}.ts`, text)
  write("entries.ts", specifiers.map((it) => `import ${JSON.stringify(it)}`).join("\n"))
  write("tsconfig.json", JSON.stringify({ compilerOptions: settings }))
  await attempt("types as a user sees them", ["tsc", "--project", "."], folder)
  await withService(folder, async (url) => {
    const service = ["env", `SOUNDPIECE_URL=${url}`, "SOUNDPIECE_KEY=spk_packed"]
    for (const { line } of blocks)
      await attempt(`README.md:${line} does not run`, [...service, "node", `readme-${line}.ts`], folder)
  })
  return blocks.length
}

/** Whoever does not use Effect can read these without its types. */
const plain = ["Promise", "Explore", "Checks", "Matchers"].map((entry) => `@tenuto/testkit/${entry}`)

const readThemPlainly = async () => {
  const folder = path.join(room, "plain")
  const from = path.join(room, "empty/node_modules/@tenuto")
  fs.cpSync(from, path.join(folder, "node_modules/@tenuto"), { recursive: true, dereference: true })
  fs.writeFileSync(path.join(folder, "package.json"), JSON.stringify({ type: "module", private: true }))
  fs.writeFileSync(path.join(folder, "entries.ts"), plain.map((it) => `import ${JSON.stringify(it)}`).join("\n"))
  const compilerOptions = { ...settings, skipLibCheck: false, types: [] }
  fs.writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["entries.ts"] }))
  await attempt(`types of ${plain.join(", ")} without those of effect`, ["tsc", "--project", "."], folder)
}

/** No test runner and no mocking library may come with the kit. */
const dependOnNoRunner = () => {
  const file = path.join(room, "empty/node_modules/@tenuto/testkit/package.json")
  const { dependencies = {}, peerDependencies = {} } = JSON.parse(fs.readFileSync(file, "utf8")) as {
    readonly dependencies?: object
    readonly peerDependencies?: object
  }
  const allowed = new Set(["effect", "@tenuto/core", "@tenuto/http"])
  const strangers = Object.keys({ ...dependencies, ...peerDependencies }).filter((name) => !allowed.has(name))
  if (strangers.length > 0) complaints.push(`@tenuto/testkit depends on ${strangers.join(", ")}`)
}

if (typeof packed === "string") complaints.push(`pnpm pack\n${packed.trim()}`)
else {
  for (const it of packages) await judge(it)
  const blocks = await useThem()
  await readThemPlainly()
  dependOnNoRunner()
  const count = packages.reduce((sum, it) => sum + entries(it).length, 0)
  console.log(`${packages.length} packages, ${count} entries, ${blocks} blocks of the README`)
}
for (const it of complaints) console.log(it)
process.exitCode = complaints.length === 0 ? 0 : 1
