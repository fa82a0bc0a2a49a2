/** Stories that are told on both carriers, and red where these differ. */
import type { Suite } from "@tenuto/testkit/Explore"

export const onBoth = (suite: Suite): Suite => ({
  ...suite,
  tell: async (story) => {
    const memory = await suite.tell({ ...story, carrier: "memory" })
    const loopback = await suite.tell({ ...story, carrier: "loopback" })
    const isSame = memory.timeline === loopback.timeline
    const differs = isSame ? [] : [{ check: "carriers", says: `over loopback:\n${loopback.timeline}` }]
    const violations = [...memory.violations, ...loopback.violations, ...differs]
    return { ...memory, timeline: memory.timeline, violations }
  },
})
