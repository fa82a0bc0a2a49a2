/** Makes of each value what is to be made of it once, however often that is asked for. */
export const once = <A, B extends object | string>(make: (of: A) => B): ((of: A) => B) => {
  const made = new Map<A, B>()
  return (of) => {
    const known = made.get(of) ?? make(of)
    made.set(of, known)
    return known
  }
}
