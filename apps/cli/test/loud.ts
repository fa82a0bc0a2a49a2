/** A module that says something when it is loaded, as some do, with a suite that is red. */
import type * as Explore from "@tenuto/testkit/Explore"

console.log("loaded")

export const loud: Explore.Suite = {
  name: "loud",
  from: import.meta.url,
  kinds: ["503@look"],
  tell: () => Promise.resolve({ timeline: "told", violations: [{ check: "quiet", says: "it was not" }] }),
}
