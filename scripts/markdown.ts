/** Tables as Markdown writes them. */

/** A text that stands in one cell: what would end the cell or the line does not. */
export const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ").trim()

const row = (cells: ReadonlyArray<string>) => `| ${cells.join(" | ")} |`

/** The lines of a table; cells are written as they are. */
export const table = (
  head: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>,
): ReadonlyArray<string> => [row(head), row(head.map(() => "---")), ...rows.map(row)]
