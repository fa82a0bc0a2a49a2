/** The code blocks of a page that say of themselves that they run. */
import * as fs from "node:fs"

export interface Block {
  /** Where the block's first line of code stands, counted from 1. */
  readonly line: number
  readonly text: string
}

/** List the `ts` blocks that follow a line `<!-- runs -->`. A mark without a block is an error: it would promise nothing. */
export const blocksOf = (file: string): ReadonlyArray<Block> => {
  const lines = fs.existsSync(file) ? fs.readFileSync(file, "utf8").split("\n") : []
  return lines.flatMap((mark, index) => {
    if (mark.trim() !== "<!-- runs -->") return []
    const start = lines.findIndex((it, at) => at > index && it.trim() !== "") + 1
    const end = lines.indexOf("```", start)
    if (!/^```(ts|typescript)$/.test(lines[start - 1] ?? "") || end < 0)
      throw new Error(`${file}:${index + 1}: no ts block follows this mark`)
    return [{ line: start + 1, text: lines.slice(start, end).join("\n") }]
  })
}
