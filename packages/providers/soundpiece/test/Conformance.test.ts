import { describe, it } from "vitest"
import * as Conformance from "@tenuto/testkit/Conformance"
import * as Soundpiece from "@tenuto/soundpiece"
import * as Service from "@tenuto/soundpiece/Emulator"
import { song } from "./stage.ts"

const soundpiece = Conformance.providing({
  draft: song,
  connect: (origin, apiKey) => Soundpiece.layer({ apiKey, baseUrl: `${origin}/v1` }),
  emulate: ({ fails, work }) => Service.make({ work, ...(fails ? { failing: "tos_violation" } : {}) }),
})

describe("Soundpiece is a provider", () => {
  for (const { check, name } of Conformance.provider) it(name, () => check(soundpiece))
})
