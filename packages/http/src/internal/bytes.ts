/** Bytes in memory of their own, which no other thread shares. */
export type Bytes = Uint8Array<ArrayBuffer>

/** Put bytes one after the other, in memory of their own. */
export const join = (parts: ReadonlyArray<Uint8Array>): Bytes => {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.byteLength, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.byteLength
  }
  return whole
}
