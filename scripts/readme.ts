/** The code blocks of a page, and what the page says of them: that they run, and what they print. */
import * as fs from "node:fs"

/** A block of code as it stands in a page. */
interface Fence {
  /** Where the block's first line of code stands, counted from 1. */
  readonly line: number
  readonly language: string
  readonly text: string
  /** What the comment in the line before says: `runs`, `prints`, `not run: why`. */
  readonly mark: string | undefined
}

type Block = Pick<Fence, "line" | "text">

const linesOf = (file: string): ReadonlyArray<string> =>
  fs.existsSync(file) ? fs.readFileSync(file, "utf8").split("\n") : []

const markOf = (line: string | undefined): string | undefined => /^<!-- (.*) -->$/.exec(line?.trim() ?? "")?.[1]

/** List every block of a page, in order. */
const fencesOf = (file: string): ReadonlyArray<Fence> => {
  const lines = linesOf(file)
  const fences: Array<Fence> = []
  for (let at = 0; at < lines.length; at++) {
    const language = /^```(\w+)$/.exec(lines[at] ?? "")?.[1]
    if (language === undefined) continue
    const end = lines.indexOf("```", at)
    if (end < 0) throw new Error(`${file}:${at + 1}: a block that never ends`)
    const mark = markOf(lines.slice(0, at).findLast((line) => line.trim() !== ""))
    fences.push({ line: at + 2, language, text: lines.slice(at + 1, end).join("\n"), mark })
    at = end
  }
  return fences
}

/** List the `ts` blocks that follow a line `<!-- runs -->`. A mark without a block is an error: it would promise nothing. */
export const blocksOf = (file: string): ReadonlyArray<Block> => {
  const blocks = fencesOf(file).filter(({ language, mark }) => mark === "runs" && /^(ts|typescript)$/.test(language))
  linesOf(file).forEach((mark, index, lines) => {
    if (mark.trim() !== "<!-- runs -->") return
    const start = lines.findIndex((it, at) => at > index && it.trim() !== "") + 2
    if (!blocks.some(({ line }) => line === start))
      throw new Error(`${file}:${index + 1}: no ts block follows this mark`)
  })
  return blocks.map(({ line, text }) => ({ line, text }))
}

/** A block that is played, and what its page says that it prints. */
export interface Scene extends Block {
  readonly language: "ts" | "sh"
  /** The file it is: what its first line names, else one of its own. */
  readonly name: string
  readonly prints: string
  /** Why it is left out, where it is. */
  readonly unplayed: string | undefined
}

/**
 * List what a page plays, in order: `ts` is a module, `sh` a shell's. What it prints stands in comments (`// prints 3`), or
 * in the block after it, which says so: `<!-- prints -->`.
 */
export const scenesOf = (file: string): ReadonlyArray<Scene> => {
  const fences = fencesOf(file)
  return fences.flatMap(({ language, line, mark, text }, index) => {
    if (language !== "ts" && language !== "sh") return []
    const next = fences[index + 1]
    const comments = Array.from(text.matchAll(/(?:\/\/|#) prints (.*)$/gm), (match) => match[1])
    const prints = next?.mark === "prints" ? [...comments, next.text] : comments
    const name = /^\/\/ (\S+\.ts)\b/.exec(text)?.[1] ?? `at-${line}.${language}`
    return [{ line, text, language, name, prints: prints.join("\n"), unplayed: /^not run: (.*)/.exec(mark ?? "")?.[1] }]
  })
}
