/** Patterns of paths: `/v1/things/:id` names its parts, `/cdn/*` takes whatever follows. */

type Names<Path extends string> = Path extends `${string}/:${infer Name}/${infer Rest}`
  ? Name | Names<`/${Rest}`>
  : Path extends `${string}/:${infer Name}`
    ? Name
    : never

/** The named parts of a path, decoded. */
export type Params<Path extends string> = { readonly [Name in Names<Path>]: string }

/** The same, of a path that nobody has read yet. */
export type Parts = Readonly<Record<string, string>>

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** Reads the named parts of every path that fits. */
export const matcher = (pattern: string): ((path: string) => Parts | undefined) => {
  const isOpen = pattern.endsWith("/*")
  if (!isOpen && !pattern.includes("/:")) return (path) => (path === pattern ? {} : undefined)
  const wanted = (isOpen ? pattern.slice(0, -2) : pattern).split("/")
  return (path) => {
    const parts = path.split("/")
    if (isOpen ? parts.length <= wanted.length : parts.length !== wanted.length) return undefined
    const params: Record<string, string> = {}
    for (const [at, want] of wanted.entries()) {
      const part = parts[at] ?? ""
      if (!want.startsWith(":")) {
        if (part !== want) return undefined
      } else if (part === "") return undefined
      else params[want.slice(1)] = decoded(part)
    }
    return params
  }
}

/** A pattern promises its names to the answer; `matcher` of the same pattern keeps the promise. */
export const promised = <Path extends string>(_pattern: Path, params: Parts): Params<Path> => params as Params<Path>
