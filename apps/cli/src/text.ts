/** Reads and writes small texts: durations, names that are nearly right, words for a shell, faults in JSON. */
import * as Duration from "effect/Duration"

// --- durations ----------------------------------------------------------------------------------

const units: ReadonlyArray<readonly [RegExp, number]> = [
  [/^(?:ms|millis|milliseconds?)$/, 1],
  [/^(?:s|secs?|seconds?)$/, 1000],
  [/^(?:m|mins?|minutes?)$/, 60_000],
  [/^(?:h|hrs?|hours?)$/, 3_600_000],
  [/^(?:d|days?)$/, 86_400_000],
]

/** How durations are written, for help and errors. */
export const durationForm = '20s, 5m, 1h30m or "5 minutes"'

/** Read `20s`, `5m`, `1h30m`, `5 minutes`; `undefined` for anything else, and for nothing at all. */
export const duration = (text: string): Duration.Duration | undefined => {
  const rest = text.trim().toLowerCase()
  if (!/^(?:\d+(?:\.\d+)?\s*[a-z]+\s*)+$/.test(rest)) return undefined
  let millis = 0
  for (const [, count, name] of rest.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/g)) {
    const unit = units.find(([pattern]) => pattern.test(name ?? ""))
    if (unit === undefined) return undefined
    millis += Number(count) * unit[1]
  }
  return millis > 0 && Number.isFinite(millis) ? Duration.millis(millis) : undefined
}

/** Say a span: `340 ms`, `1.2 s`, `2 min 5 s`, `1 h 30 min`. */
export const span = (duration: Duration.Duration): string => {
  const millis = Duration.toMillis(duration)
  if (millis < 1000) return `${Math.round(millis)} ms`
  const seconds = millis / 1000
  if (seconds < 60) return `${Number(seconds.toFixed(1))} s`
  const whole = Math.round(seconds)
  const [hours, minutes, left] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60]
  const parts = [hours > 0 ? `${hours} h` : "", minutes > 0 ? `${minutes} min` : "", left > 0 ? `${left} s` : ""]
  return parts.filter((part) => part !== "").join(" ")
}

// --- names --------------------------------------------------------------------------------------

const distance = (left: string, right: string): number => {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= left.length; i++) {
    const next = [i]
    for (let j = 1; j <= right.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1)
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substituted))
    }
    row = next
  }
  return row[right.length] ?? 0
}

/** A part of a dotted name, and a beginning, are as good as right. */
const farFrom = (given: string, name: string): number =>
  name.endsWith(`.${given}`) ? 0 : given.startsWith(name) || name.startsWith(given) ? 1 : distance(given, name)

/** Say which names are known, and which one was probably meant. */
export const known = (given: string, names: ReadonlyArray<string>): string => {
  const near = names
    .map((name) => ({ name, far: farFrom(given.toLowerCase(), name.toLowerCase()) }))
    .filter(({ far, name }) => far <= Math.max(2, name.length / 3))
    .toSorted((left, right) => left.far - right.far)[0]
  const meant = near === undefined ? "" : `did you mean ${near.name}? `
  return `${meant}known: ${names.join(", ")}`
}

// --- shell --------------------------------------------------------------------------------------

/** Quote a word for a POSIX shell. */
export const quote = (word: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`

// --- JSON ---------------------------------------------------------------------------------------

const token =
  /[ \t\r\n]*(?:([{}[\],:])|("(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![A-Za-z0-9_]))/uy

type Expected =
  | "a value"
  | "a value or ]"
  | "a name in double quotes"
  | "a name in double quotes or }"
  | ":"
  | ", or a closing bracket"

/** Say where a text stops being JSON and what should stand there; `undefined` when it is JSON. */
export const jsonFault = (text: string): string | undefined => {
  const open: Array<"{" | "["> = []
  let expected: Expected | "the end" = "a value"
  let at = 0
  const done = () => (open.length === 0 ? "the end" : ", or a closing bracket")
  const step = (mark: string, kind: "mark" | "string" | "literal"): Expected | "the end" | undefined => {
    const top = open.at(-1)
    if (expected === ":") return mark === ":" ? "a value" : undefined
    if (
      expected === ", or a closing bracket" ||
      (expected === "a value or ]" && mark === "]") ||
      (expected === "a name in double quotes or }" && mark === "}")
    ) {
      if (mark === ",") return top === "{" ? "a name in double quotes" : "a value"
      if (mark !== (top === "{" ? "}" : "]")) return undefined
      open.pop()
      return done()
    }
    if (expected === "a name in double quotes" || expected === "a name in double quotes or }") {
      return kind === "string" ? ":" : undefined
    }
    if (expected === "the end") return undefined
    if (kind !== "mark") return done()
    if (mark !== "{" && mark !== "[") return undefined
    open.push(mark)
    return mark === "{" ? "a name in double quotes or }" : "a value or ]"
  }
  for (;;) {
    const blank = /[^ \t\r\n]/.exec(text.slice(at))
    if (blank === null) {
      return expected === "the end" ? undefined : `it ends where ${expected} should be`
    }
    token.lastIndex = at
    const [all, mark, word, literal] = token.exec(text) ?? []
    const found = mark ?? word ?? literal
    const next =
      found === undefined
        ? undefined
        : step(found, mark !== undefined ? "mark" : word !== undefined ? "string" : "literal")
    if (all === undefined || next === undefined) {
      const before = text.slice(0, at + blank.index).split("\n")
      return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}: ${expected} should be there`
    }
    expected = next
    at += all.length
  }
}
