/**
 * Writes the generated pages of the docs; with `--check` it only says which are out of date.
 *
 * A generator is a file in `scripts/pages` that exports `path`, relative to the root, and `render(): string`.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { pathToFileURL } from "node:url"
import { repository } from "./workspace.ts"

interface Page {
  readonly path: string
  readonly render: () => string
}

const isCheck = process.argv.includes("--check")

for (const file of fs.globSync("scripts/pages/*.ts", { cwd: repository }).toSorted()) {
  const page = (await import(pathToFileURL(path.join(repository, file)).href)) as Page
  const target = path.join(repository, page.path)
  const rendered = page.render()
  if (fs.existsSync(target) && fs.readFileSync(target, "utf8") === rendered) continue
  if (isCheck) {
    console.log(`${page.path} is not what ${file} renders: run node scripts/pages.ts and commit the result`)
    process.exitCode = 1
  } else {
    fs.mkdirSync(path.dirname(target), { recursive: true })
    fs.writeFileSync(target, rendered)
    console.log(`wrote ${page.path}`)
  }
}
