import { describe, it } from "vitest"
import * as HeyDonna from "@tenuto/heydonna"
import * as Service from "@tenuto/heydonna/Emulator"
import * as Conformance from "@tenuto/testkit/Conformance"
import { project } from "./stage.ts"

const heydonna = Conformance.providing({
  draft: project,
  connect: (origin, apiKey) => HeyDonna.layer({ apiKey, baseUrl: origin }),
  emulate: ({ fails, work }) => Service.make({ work, ...(fails ? { failing: "transcription" } : {}) }),
})

describe("HeyDonna is a provider", () => {
  for (const { check, name } of Conformance.provider) it(name, () => check(heydonna))
})
