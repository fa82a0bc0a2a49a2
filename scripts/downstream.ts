/**
 * Lets other teams use the packed kit: each folder of `apps/downstream` is copied out of the workspace, gets its own
 * locked packages and our tarballs, and runs its own tests. `node scripts/downstream.ts vitest-5` visits one.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { run } from "./run.ts"
import { pack, packages } from "./tarballs.ts"
import { repository } from "./workspace.ts"

const home = path.join(repository, "apps/downstream")
const teams = fs
  .globSync("*/package.json", { cwd: home })
  .map((file) => path.dirname(file))
  .toSorted()
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !teams.includes(name))
if (unknown.length > 0) throw new Error(`no such team: ${unknown.join(", ")}; there are ${teams.join(", ")}`)

const tarball = await pack()
if (typeof tarball === "string") throw new Error(tarball)
const room = fs.mkdtempSync(path.join(os.tmpdir(), "tenuto-downstream-"))
process.on("exit", () => fs.rmSync(room, { recursive: true, force: true }))

const install = ["npm", "install", "--no-save", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"]

const visit = async (team: string) => {
  const folder = path.join(room, team)
  fs.cpSync(path.join(home, team), folder, {
    recursive: true,
    filter: (file) => path.basename(file) !== "node_modules",
  })
  const begun = performance.now()
  const installed = await run([...install, ...packages.map(tarball)], folder)
  const ready = performance.now()
  const tested = installed.ok ? await run(["npm", "test", "--silent"], folder) : installed
  const copies = fs.globSync("**/node_modules/effect/package.json", { cwd: folder })
  const isOk = tested.ok && copies.length === 1
  const seconds = [ready - begun, performance.now() - ready].map(
    (millis) => `${(millis / 1000).toFixed(1).padStart(6)} s`,
  )
  const skipped = /SKIPPED: .*/.exec(tested.output)?.[0] ?? ""
  console.log(
    `${isOk ? "ok  " : "FAIL"}  ${team.padEnd(14)} ${seconds[0]} to install ${seconds[1]} to test  ${skipped}`.trimEnd(),
  )
  if (!tested.ok) console.log(tested.output.trimEnd())
  else if (!isOk) console.log(`there is more than one copy of effect:\n${copies.join("\n")}`)
  fs.rmSync(folder, { recursive: true, force: true })
  return { isOk, isSkipped: skipped !== "" }
}

/** Two at a time: each is a few processes of its own. */
const queue = wanted.length > 0 ? wanted : teams
const results: Array<Awaited<ReturnType<typeof visit>>> = []
const work = async () => {
  for (let team = queue.shift(); team !== undefined; team = queue.shift()) results.push(await visit(team))
}
await Promise.all([work(), work()])
const green = results.filter(({ isOk }) => isOk).length
const skipped = results.filter(({ isSkipped }) => isSkipped).length
const all = green === results.length ? `${green} teams` : `${green} of ${results.length} teams`
console.log(skipped === 0 ? all : `${all}, ${skipped} skipped`)
process.exitCode = green === results.length ? 0 : 1
