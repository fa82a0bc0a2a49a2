/** Finds text that must not be published: paths of one machine, hosts of registries, notes to self in sources. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { repository } from "./workspace.ts"

const rules: ReadonlyArray<{ readonly files: RegExp; readonly words: RegExp; readonly why: string }> = [
  {
    files: /./,
    words: /(?<![\w.:/-])\/(work|root|home\/\w+|Users\/\w+)\//,
    why: "a path of one machine means nothing on another",
  },
  {
    files: /./,
    words: /registry\.(npmjs|yarnpkg|npmmirror)\./,
    why: "where packages come from is the reader's business",
  },
  { files: /^pnpm-lock\.yaml$/, words: /tarball:|\w+:\/\//, why: "the lock file must not tie an install to one host" },
  { files: /\/src\//, words: /\b(TODO|FIXME)\b/, why: "sources hold no unfinished business" },
]

const found = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: repository })
  .toString()
  .split("\0")
  .filter((file) => file !== "" && fs.existsSync(path.join(repository, file)))
  .flatMap((file) => {
    const text = fs.readFileSync(path.join(repository, file), "utf8")
    if (text.includes("\0")) return []
    const lines = text.split("\n")
    return rules
      .filter((rule) => rule.files.test(file))
      .flatMap((rule) =>
        lines.flatMap((line, index) => {
          const word = rule.words.exec(line)?.[0]
          return word === undefined ? [] : [`${file}:${index + 1}: "${word}" — ${rule.why}`]
        }),
      )
  })

for (const it of found) console.log(it)
process.exitCode = found.length === 0 ? 0 : 1
