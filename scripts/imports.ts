/** What a TypeScript file imports, in every spelling the language has for it, and its code without comments. */
import * as fs from "node:fs"
import { parseSync, Visitor } from "oxc-parser"

export interface Import {
  readonly specifier: string
  readonly line: number
  /** Whether it is gone once the types are. */
  readonly isType: boolean
}

const known = new Map<string, ReadonlyArray<Import>>()

/** List the imports of a file: static, re-exporting, dynamic, and in types. A file that does not parse is an error. */
export const importsOf = (file: string): ReadonlyArray<Import> => {
  const already = known.get(file)
  if (already !== undefined) return already
  const text = fs.readFileSync(file, "utf8")
  const { program, errors } = parseSync(file, text)
  const [error] = errors
  if (error !== undefined) throw new Error(`${file}: ${error.message}`)
  const found: Array<Import> = []
  const note = (node: {
    readonly source: object | null
    readonly importKind?: string
    readonly exportKind?: string
  }) => {
    if (node.source === null || !("value" in node.source) || !("start" in node.source)) return
    const { start, value } = node.source
    if (typeof value !== "string" || typeof start !== "number") return
    const isType = node.importKind === "type" || node.exportKind === "type"
    found.push({ specifier: value, line: text.slice(0, start).split("\n").length, isType })
  }
  new Visitor({
    ImportDeclaration: note,
    ExportNamedDeclaration: note,
    ExportAllDeclaration: note,
    ImportExpression: note,
    TSImportType: ({ source }) => note({ source, importKind: "type" }),
  }).visit(program)
  known.set(file, found)
  return found
}

/** The text of a file with its comments blanked out, line for line. */
export const codeOf = (file: string): string => {
  const text = fs.readFileSync(file, "utf8")
  return parseSync(file, text).comments.reduceRight(
    (code, { start, end }) => code.slice(0, start) + code.slice(start, end).replace(/[^\n]/g, " ") + code.slice(end),
    text,
  )
}
