import { describe, it } from "vitest"
import * as Conformance from "@tenuto/testkit/Conformance"
import * as Whisul from "@tenuto/whisul"
import * as Service from "@tenuto/whisul/Emulator"
import { beat } from "./stage.ts"

const whisul = Conformance.providing({
  draft: beat,
  connect: (origin, apiKey) => Whisul.layer({ apiKey, baseUrl: `${origin}/api` }),
  emulate: ({ fails, work }) => Service.make({ work, ...(fails ? { failing: "Generation failed." } : {}) }),
})

describe("Whisul is a provider", () => {
  for (const { check, name } of Conformance.provider) it(name, () => check(whisul))
})
