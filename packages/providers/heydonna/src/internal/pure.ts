/**
 * Makes a value, without effects.
 *
 * Bundlers keep a call at the top of a module unless its annotation says that nothing depends on its being made: so a
 * schema that a page does not use is not shipped to it.
 */
export const pure = <A>(make: () => A): A => make()
