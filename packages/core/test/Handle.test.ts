import { describe, expect, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Handle from "@tenuto/core/Handle"
import { handle, origin } from "./choir.ts"

const refusal = (input: unknown) => Result.getOrElse(Result.flip(Handle.read(input)), () => "read")

describe("a handle", () => {
  it("is read from what was written, as text and as a value", () => {
    const full: Handle.Handle = {
      ...handle,
      also: { run: "r" },
      locator: "/songs/1",
      key: "k",
      reference: "mine",
      entry: "e",
    }
    expect(Handle.read(Handle.write(full))).toEqual(Result.succeed(full))
    expect(Handle.read(full)).toEqual(Result.succeed(full))
    expect(Handle.write(full)).not.toContain("\n")
  })

  it("of a release to come is refused by its version, whatever else it holds", () => {
    expect(refusal(`{"version":2}`)).toBe("this handle has version 2; this release reads version 1")
    expect(refusal({ ...handle, version: 3 })).toBe("this handle has version 3; this release reads version 1")
  })

  it("that is none is refused in one sentence", () => {
    expect(refusal("song-1")).toBe("this is not a handle: it is not JSON")
    for (const other of ["null", "[]", "1", { version: 1 }, { ...handle, id: 7 }, { ...handle, version: "1" }]) {
      expect(refusal(other)).toMatch(/^this is not a handle: /)
    }
  })

  it("keeps no field that it does not know", () => {
    expect(Handle.read({ ...handle, apiKey: "k" })).toEqual(Result.succeed(handle))
  })

  it("belongs to one service, origin and operation", () => {
    const here = { service: "choir", origin, operation: "sing" }
    expect(Handle.mismatch(handle, here)).toBeUndefined()
    expect(Handle.mismatch(handle, { ...here, origin: "https://elsewhere.test" })).toEqual({
      path: ["origin"],
      message: "it belongs to https://choir.test, this client speaks to https://elsewhere.test",
    })
  })
})
