/** Gives a function properties, its own `name` among them. */

/** The cast says what `defineProperties` does and its type cannot: the function now has every property of `properties`. */
export const callable = <F extends object, P extends object>(f: F, properties: P): F & P =>
  Object.defineProperties(f, Object.getOwnPropertyDescriptors(properties)) as F & P
