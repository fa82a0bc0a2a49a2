/**
 * Who may know whom: the rules that imports keep.
 *
 * Reads every `src` of the workspace with a real parser and names each import that breaks a rule. It changes nothing.
 *
 * ```text
 * effect ◀── core ◀── http ◀── transport-fetch, transport-node, providers/*
 *              ▲        ▲
 *              ├ journal└── testkit        apps may import everything
 *              └── testkit                 a provider's Emulator.ts may import testkit
 * ```
 */
import * as fs from "node:fs"
import { builtinModules } from "node:module"
import * as path from "node:path"
import { codeOf, type Import, importsOf } from "./imports.ts"
import { type Member, members, repository } from "./workspace.ts"

/** Inside core a file imports only files named before it; `index` comes last, `internal` stands outside. */
const coreOrder =
  "Contract Reason Key Handle Misuse Artifact Operation Evidence Observation Failure Remedy Pace Lifecycle Remote Journal Inbox Client Promise index".split(
    " ",
  )

/** Which packages of ours each kind of package may import in `src`. Apps may import all. */
const mayKnow = {
  core: [],
  http: ["@tenuto/core"],
  journal: ["@tenuto/core"],
  testkit: ["@tenuto/core", "@tenuto/http"],
  transport: ["@tenuto/core", "@tenuto/http"],
  provider: ["@tenuto/core", "@tenuto/http"],
  app: undefined,
} satisfies Record<string, ReadonlyArray<string> | undefined>

type Kind = keyof typeof mayKnow

const kindOf = (member: Member): Kind | undefined => {
  const [top, name = ""] = member.folder.split("/")
  if (top === "apps") return "app"
  if (name === "providers") return "provider"
  if (name.startsWith("transport-")) return "transport"
  return name in mayKnow ? (name as Kind) : undefined
}

const packageOf = (specifier: string) =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/")

const isBuiltin = (specifier: string) => specifier.startsWith("node:") || builtinModules.includes(specifier)

/** What the header of an `effect` module says of itself. */
const stability = (specifier: string) => {
  const source = path.join(repository, "node_modules/effect/src", specifier.slice("effect/".length))
  const file = [`${source}.ts`, `${source}/index.ts`].find((it) => fs.existsSync(it))
  if (file === undefined) return "unknown"
  const header = /\/\*\*.*?\*\//s.exec(fs.readFileSync(file, "utf8"))?.[0] ?? ""
  return /@stability (\w+)/.exec(header)?.[1] ?? "unknown"
}

/** Every broken rule of the workspace at `root`, as `file:line: what — rule and why`. */
export const violations = (root: string): ReadonlyArray<string> => {
  const all = members(root)
  return [
    ...all.flatMap((member) => [...manifestViolations(member), ...sourceViolations(root, member)]),
    ...cycles(new Map(all.map((it) => [it.name, neighbours(it)]))).map(
      (cycle) =>
        `${cycle.join(" → ")} — packages import one another in a circle: none can be understood or shipped alone`,
    ),
    ...unchecked(root, all),
  ]
}

const neighbours = (member: Member) =>
  member.sources
    .flatMap((file) => importsOf(file).map((it) => packageOf(it.specifier)))
    .filter((it) => it.startsWith("@tenuto/") && it !== member.name)

/** A package that the root's `tsconfig.json` does not name is type-checked by nobody. */
const unchecked = (root: string, all: ReadonlyArray<Member>) => {
  const named = fs.readFileSync(path.join(root, "tsconfig.json"), "utf8")
  return all
    .filter((it) => !named.includes(`"${it.folder}"`))
    .map(
      (it) => `tsconfig.json:1: ${it.folder} is missing — references name every package, else nothing checks its types`,
    )
}

const manifestViolations = (member: Member) => {
  const wanted = kindOf(member) === "app" ? [] : ["effect", ...(member.name === "@tenuto/core" ? [] : ["@tenuto/core"])]
  return wanted
    .filter((it) => !(it in member.peerDependencies) || it in member.dependencies)
    .map(
      (it) =>
        `${member.folder}/package.json:1: ${it} is no peer dependency — two copies in one process break schemas and Redacted`,
    )
}

const sourceViolations = (root: string, member: Member): ReadonlyArray<string> => {
  const kind = kindOf(member)
  const src = path.join(root, member.folder, "src")
  if (kind === undefined) return [`${member.folder}:1: unknown package — say in scripts/boundaries.ts whom it may know`]

  const relative = new Map(
    member.sources.map((file) => [
      file,
      importsOf(file)
        .filter((it) => it.specifier.startsWith("."))
        .map((it) => path.resolve(path.dirname(file), it.specifier)),
    ]),
  )
  const forEmulator = reachedOnlyFrom(path.join(src, "Emulator.ts"), relative)

  const ruleFor = (file: string, { isType, specifier }: Import): string | undefined => {
    const name = packageOf(specifier)
    if (specifier.startsWith(".")) {
      const target = path.resolve(path.dirname(file), specifier)
      if (path.relative(src, target).startsWith("..")) return "another package is imported by its name, not by its path"
      return kind === "core" ? orderRule(path.relative(src, file), path.relative(src, target)) : undefined
    }
    if (kind === "app") return undefined
    if (isBuiltin(specifier)) {
      const portable = kind === "core" || kind === "http" || member.name === "@tenuto/transport-fetch"
      if (portable) return "this package runs where there is no Node"
      // A bundler follows even an import that is never reached.
      return kind === "testkit" && !isType ? "browsers load the test kit: ask internal/builtin.ts for it" : undefined
    }
    if (specifier === "effect") return "one module at a time (effect/Effect): the barrel costs a browser 20 kB"
    if (name === "effect" && (kind === "core" || kind === "http")) {
      if (kind === "http" && /^effect\/crypto(\/|$)/.test(specifier)) return undefined
      const said = stability(specifier)
      return said === "stable" ? undefined : `its header says ${said}: ${member.name} rests on stable modules only`
    }
    if (name === member.name) return "a package does not import itself by name"
    if (name === "@tenuto/testkit")
      return kind === "provider" && (file === path.join(src, "Emulator.ts") || forEmulator.has(file))
        ? undefined
        : "only a provider's Emulator.ts, and internal files that it alone reaches, may know the test kit"
    if (name.startsWith("@tenuto/") && !(mayKnow[kind] as ReadonlyArray<string>).includes(name))
      return `${member.name} may import ${mayKnow[kind].join(", ") || "nothing of ours"}: dependencies point inwards`
    if (kind === "core" && name !== "effect") return "core rests on effect alone"
    if (!(name in member.dependencies) && !(name in member.peerDependencies))
      return "neither dependency nor peer dependency: it is missing where the package is installed"
    return undefined
  }

  return [
    ...member.sources.flatMap((file) =>
      importsOf(file).flatMap((it) => {
        const rule = ruleFor(file, it)
        return rule === undefined ? [] : [`${path.relative(root, file)}:${it.line}: import "${it.specifier}" — ${rule}`]
      }),
    ),
    ...cycles(relative).map(
      (cycle) => `${cycle.map((it) => path.relative(root, it)).join(" → ")} — files import one another in a circle`,
    ),
    ...(kind === "core" ? member.sources.flatMap((file) => protocolWords(root, file)) : []),
  ]
}

const orderRule = (from: string, to: string) => {
  if (from.startsWith("internal/") || to.startsWith("internal/")) return undefined
  const here = coreOrder.indexOf(path.basename(from, ".ts"))
  const there = coreOrder.indexOf(path.basename(to, ".ts"))
  if (here < 0 || there < 0)
    return `${here < 0 ? from : to} has no place in the order: give it one in scripts/boundaries.ts`
  return there < here ? undefined : `inside core imports go one way: ${coreOrder.join(", ")}`
}

/** Core's code speaks of no protocol; a comment may say what it does not know. */
const protocolWords = (root: string, file: string) =>
  codeOf(file)
    .split("\n")
    .flatMap((text, index) => {
      const word = /\bhttp|status ?code|\bheader|\bfetch\(/i.exec(text)?.[0]
      return word === undefined ? [] : [`${path.relative(root, file)}:${index + 1}: "${word}" — core knows no protocol`]
    })

const isInternal = (file: string) => file.includes(`${path.sep}internal${path.sep}`)

/** The files under `internal` that can be reached from `entry` and from nowhere else. */
const reachedOnlyFrom = (entry: string, graph: ReadonlyMap<string, ReadonlyArray<string>>) => {
  const reach = (starts: Iterable<string>) => {
    const seen = new Set<string>()
    const todo = [...starts]
    for (let file = todo.pop(); file !== undefined; file = todo.pop()) {
      if (seen.has(file)) continue
      seen.add(file)
      todo.push(...(graph.get(file) ?? []).filter((it) => it !== entry))
    }
    return seen
  }
  const elsewhere = reach([...graph.keys()].filter((file) => file !== entry && !isInternal(file)))
  return new Set([...reach([entry])].filter((file) => isInternal(file) && !elsewhere.has(file)))
}

/** The circles of a graph, one for each edge that closes one. */
const cycles = (graph: ReadonlyMap<string, ReadonlyArray<string>>): ReadonlyArray<ReadonlyArray<string>> => {
  const found: Array<ReadonlyArray<string>> = []
  const done = new Set<string>()
  const walk = (node: string, trail: ReadonlyArray<string>) => {
    const start = trail.indexOf(node)
    if (start >= 0) found.push([...trail.slice(start), node])
    if (start >= 0 || done.has(node)) return
    for (const next of new Set(graph.get(node))) walk(next, [...trail, node])
    done.add(node)
  }
  for (const node of graph.keys()) walk(node, [])
  return found
}

if (import.meta.main) {
  const found = violations(repository)
  for (const it of found) console.log(it)
  process.exitCode = found.length === 0 ? 0 : 1
}
