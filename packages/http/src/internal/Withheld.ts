/**
 * Takes the credential out of what a service answered: one that repeats it does not make us print it, or keep it.
 *
 * It leaves links and other values of a class as they are: they never print.
 */

/** What is shorter is no credential, and would be found in words that mean something. */
const shortest = 8

/** Copy a value without the secrets, or give it back as it is. The cast is right because only texts become other texts. */
export const from =
  (secrets: Iterable<string>) =>
  <A>(value: A): A => {
    let rest = value
    for (const secret of secrets)
      if (secret.length >= shortest && holds(secret, rest)) rest = without(secret, rest) as A
    return rest
  }

const isBranch = (value: unknown): value is object =>
  typeof value === "object" &&
  value !== null &&
  (Array.isArray(value) || (Object.getPrototypeOf(value) ?? Object.prototype) === Object.prototype)

/** Not recursive: an answer may be nested as deep as it likes. */
const holds = (secret: string, value: unknown): boolean => {
  const rest: Array<unknown> = [value]
  for (let part = rest.pop(); part !== undefined || rest.length > 0; part = rest.pop()) {
    if (typeof part === "string" && part.includes(secret)) return true
    if (isBranch(part)) for (const [name, inner] of Object.entries(part)) rest.push(name, inner)
  }
  return false
}

const without = (secret: string, value: unknown): unknown => {
  if (typeof value === "string") return value.replaceAll(secret, "[credential]")
  if (Array.isArray(value)) return value.map((part) => without(secret, part))
  if (!isBranch(value)) return value
  const parts = Object.entries(value).map(([name, part]) => [without(secret, name), without(secret, part)])
  return Object.fromEntries(parts)
}
