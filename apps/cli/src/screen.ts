/**
 * The two streams a command writes to: results go to standard output, everything else to standard error.
 *
 * An API key that was read never appears on either, and nothing that moves a terminal's cursor or names its window,
 * whatever a service puts into its answers.
 */
import * as Effect from "effect/Effect"

const secrets = new Set<string>()

/** Keep a text off both streams from now on. */
export const conceal = (secret: string): void => {
  // Between quotes, as a word of a service is shown, it may be spelled otherwise.
  if (secret.length >= 4) secrets.add(secret).add(JSON.stringify(secret).slice(1, -1))
}

/** Control characters, but for the ends of lines, tabs, and what `dim` writes. */
const controls = /[^\P{Cc}\n\t](?:\[22?m)?/gu
const shownControl = (found: string): string =>
  found.startsWith("\u001b[2") ? found : `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}${found.slice(1)}`

/** Text as it may be shown: without the secrets, and with control characters spelled out. */
export const veiled = (text: string): string => {
  let shown = text
  for (const secret of secrets) shown = shown.replaceAll(secret, "***")
  return shown.replaceAll(controls, shownControl)
}

let live = ""

/** Whether a person watches: progress is drawn only then. */
export const isWatched: boolean = process.stderr.isTTY

const isColoured = isWatched && (process.env["NO_COLOR"] ?? "") === "" && process.env["TERM"] !== "dumb"

/** Make text recede, where the terminal and its owner like colours. */
export const dim = (text: string): string => (isColoured ? `\u001b[2m${text}\u001b[22m` : text)

const clear = () => {
  if (live !== "") process.stderr.write("\r\u001b[K")
}
const redraw = () => {
  if (live !== "") process.stderr.write(live)
}

/** Print a line of the result. */
export const out = (line: string): Effect.Effect<void> =>
  Effect.sync(() => {
    clear()
    process.stdout.write(`${veiled(line)}\n`)
    redraw()
  })

/** Print one line of JSON. */
export const json = (value: unknown): Effect.Effect<void> => out(JSON.stringify(value))

/** Tell the person something. */
export const tell = (text: string): Effect.Effect<void> =>
  Effect.sync(() => {
    clear()
    process.stderr.write(`${veiled(text)}\n`)
    redraw()
  })

/** Draw the line that lives at the bottom of the terminal; an empty text takes it away. */
export const draw = (text: string): Effect.Effect<void> =>
  Effect.sync(() => {
    if (!isWatched) return
    clear()
    const width = (process.stderr.columns || 80) - 1
    live = text === "" ? "" : dim(veiled(text).replaceAll("\n", " ").slice(0, width))
    redraw()
  })
