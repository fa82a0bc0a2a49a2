/** The packages of the workspace, as their manifests and folders describe them. */
import * as fs from "node:fs"
import * as path from "node:path"

/** The folder that holds everything. */
export const repository = path.resolve(import.meta.dirname, "..")

export interface Member {
  readonly name: string
  readonly version: string
  /** Relative to the root, such as `packages/core`. */
  readonly folder: string
  readonly isPublic: boolean
  /** Whether each file of `src` can be imported by its name. */
  readonly hasSubpaths: boolean
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
  /** Every TypeScript file under `src`, absolute. */
  readonly sources: ReadonlyArray<string>
}

interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly exports?: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** List the packages and apps of the workspace at `root`. */
export const members = (root: string): ReadonlyArray<Member> =>
  fs
    .globSync(["packages/*/package.json", "packages/providers/*/package.json", "apps/*/package.json"], { cwd: root })
    .toSorted()
    .map((file) => {
      const manifest = JSON.parse(fs.readFileSync(path.join(root, file), "utf8")) as Manifest
      const folder = path.dirname(file)
      return {
        name: manifest.name,
        version: manifest.version,
        folder,
        isPublic: manifest.private !== true,
        hasSubpaths: manifest.exports !== undefined && "./*" in manifest.exports,
        dependencies: manifest.dependencies ?? {},
        peerDependencies: manifest.peerDependencies ?? {},
        sources: fs.globSync("src/**/*.ts", { cwd: path.join(root, folder) }).map((it) => path.join(root, folder, it)),
      }
    })
