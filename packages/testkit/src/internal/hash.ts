/** FNV-1a: spreads text over 32 bits. It guards nothing. */
export const hash = (text: string, start = 0x811c9dc5): number => {
  let value = start
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193)
  return value >>> 0
}

/** The same as eight hexadecimal digits. */
export const digest = (text: string, start?: number): string => hash(text, start).toString(16).padStart(8, "0")
