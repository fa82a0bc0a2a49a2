import { describe, it } from "vitest"
import * as Conformance from "@tenuto/testkit/Conformance"
import * as Overten from "@tenuto/overten"
import * as Service from "@tenuto/overten/Emulator"
import { slow } from "./stage.ts"

const overten = Conformance.providing({
  draft: slow,
  connect: (origin, apiKey) => Overten.layer({ apiKey, baseUrl: `${origin}/api/v1`, tier: "enterprise" }),
  emulate: ({ fails, work }) => Service.make({ work, ...(fails ? { failing: "generation_failed" } : {}) }),
})

describe("Overten is a provider", () => {
  for (const { check, name } of Conformance.provider) it(name, () => check(overten))
})
