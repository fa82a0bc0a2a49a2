/** Writes HTML in which nothing but the template itself can be markup: whatever is put into it is text. */

/** HTML that was written by `markup`. */
export class Markup {
  readonly html: string
  constructor(html: string) {
    this.html = html
  }
}

type Part = string | number | Markup | undefined | ReadonlyArray<Markup>

const marks: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
}

/** Marks of direction would turn the text around them; a control character shows nothing; half a pair is none. */
const unseen = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** Text for an element, or for an attribute in quotes. */
const escaped = (text: string): string =>
  text.replaceAll(unseen, "\uFFFD").replaceAll(/[&<>"']/g, (mark) => marks[mark] ?? mark)

const written = (part: Part): string => {
  if (part === undefined) return ""
  if (part instanceof Markup) return part.html
  return typeof part === "string" || typeof part === "number"
    ? escaped(String(part))
    : part.map(({ html }) => html).join("")
}

export const markup = (strings: TemplateStringsArray, ...parts: ReadonlyArray<Part>): Markup =>
  new Markup(strings.map((text, index) => text + written(parts[index])).join(""))
