import { describe, expect, it } from "vitest"
import * as Serial from "@tenuto/testkit/Serial"

const counts = Array.from({ length: 5000 }, (_, count) => count)
const forms = {
  words: Serial.make({ prefix: "op_", length: 26 }),
  "short ones": Serial.make({ letters: Serial.alphanumeric, length: 16, kind: "run" }),
  UUIDs: Serial.uuid("job"),
}

describe("laws", () => {
  it.each(Object.entries(forms))("%s: the same seed and count give the same id, others give others", (_, serial) => {
    const ids = [0, 1, 2, -7].flatMap((seed) => counts.map((count) => serial(seed, count)))
    expect(new Set(ids).size).toBe(ids.length)
    expect([0, 1, 2, -7].flatMap((seed) => counts.map((count) => serial(seed, count)))).toEqual(ids)
  })
})

it("an id has the prefix, the letters and the length that were asked for", () => {
  for (const count of counts.slice(0, 100)) {
    expect(forms.words(3, count)).toMatch(/^op_[0-9a-z]{26}$/)
    expect(forms["short ones"](3, count)).toMatch(/^[0-9a-zA-Z]{16}$/)
    expect(Serial.make({ prefix: "hd_ext_", letters: Serial.hex, length: 48 })(3, count)).toMatch(
      /^hd_ext_[0-9a-f]{48}$/,
    )
    expect(forms.UUIDs(3, count)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  }
})

it("two kinds with one seed and count have nothing in common", () => {
  const ends = ["run", "task"].map((kind) => Serial.make({ length: 16, kind })(0, 0))
  expect(ends[0]?.slice(0, 6)).not.toBe(ends[1]?.slice(0, 6))
  expect(Serial.uuid("project")(0, 0)).not.toBe(Serial.uuid("transcript")(0, 0))
})

it("ids stay what they are from one version to the next: golden files hold them", () => {
  expect([forms.words(0, 0), forms.words(7, 3), Serial.uuid()(0, 0)]).toMatchInlineSnapshot(`
    [
      "op_5dpwb6pzg5qsgt5tbqdbeyazw8",
      "op_nxqecyr5u5v4ieddj2e5vm5l11",
      "555cfe93-416c-4c5d-95f2-1fa6af4c2aff",
    ]
  `)
})
