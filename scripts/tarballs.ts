/**
 * Every public package as it would be published, packed once: whoever asks again for the same files is given the same
 * tarballs.
 */
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { pnpm, run } from "./run.ts"
import { type Member, members, repository } from "./workspace.ts"

export const packages = members(repository).filter((it) => it.isPublic)

const shelf = path.join(repository, "node_modules/.cache/tarballs")

/** What `tsc` built from files that are gone would be shipped again. */
const pruneBuilt = (it: Member) => {
  const dist = path.join(repository, it.folder, "dist")
  for (const file of fs.globSync("**/*.{js,js.map,d.ts,d.ts.map}", { cwd: dist })) {
    const source = path.join(repository, it.folder, "src", file.replace(/(\.d\.ts|\.js)(\.map)?$/, ".ts"))
    if (!fs.existsSync(source)) fs.rmSync(path.join(dist, file))
  }
}

/** The same for the same files; what packing makes of them depends on the lock file and the catalog too. */
const fingerprint = () => {
  const hash = createHash("sha256")
  const shipped = packages.flatMap(({ folder }) => [`${folder}/*.{json,md}`, `${folder}/{src,dist}/**/*.{ts,js,map}`])
  for (const file of fs.globSync(["pnpm-workspace.yaml", "pnpm-lock.yaml", ...shipped], { cwd: repository }).toSorted())
    hash.update(`${file}\0`).update(fs.readFileSync(path.join(repository, file)))
  return hash.digest("hex").slice(0, 16)
}

/** Pack them all, from what was built. The answer says where a package's tarball is; a text says why there is none. */
export const pack = async (): Promise<((it: Member) => string) | string> => {
  for (const it of packages) pruneBuilt(it)
  const room = path.join(shelf, fingerprint())
  if (!fs.existsSync(room)) {
    fs.rmSync(shelf, { recursive: true, force: true })
    const unfinished = path.join(shelf, `unfinished-${process.pid}`)
    fs.mkdirSync(unfinished, { recursive: true })
    const filters = packages.flatMap((it) => ["--filter", it.name])
    const { ok, output } = await run([...pnpm, "-r", ...filters, "pack", "--pack-destination", unfinished])
    if (!ok) return output
    fs.renameSync(unfinished, room)
  }
  return ({ name, version }) => path.join(room, `${name.slice(1).replace("/", "-")}-${version}.tgz`)
}
