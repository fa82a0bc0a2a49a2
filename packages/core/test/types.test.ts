import { describe, expect, expectTypeOf, it } from "@effect/vitest"
import type * as Effect from "effect/Effect"
import * as Client from "@tenuto/core/Client"
import * as Failure from "@tenuto/core/Failure"
import type * as Journal from "@tenuto/core/Journal"
import type * as Operation from "@tenuto/core/Operation"
import type * as Remote from "@tenuto/core/Remote"
import { handle, input, instant, sing } from "./choir.ts"

type Failures<T> = T extends Effect.Effect<infer _A, infer E, infer _R> ? E : never
type Named<T, Tag> = Extract<T, { readonly _tag: Tag }>

describe("the compiler", () => {
  it("lists the codes an operation can fail with", () => {
    expectTypeOf<Operation.Code<typeof sing>>().toEqualTypeOf<"too_loud">()
  })

  it("knows every failure of a run, and the documented codes of a failed one", () => {
    const run = Client.run(sing(input))
    type Tags = Failures<typeof run>["_tag"]
    expectTypeOf<Tags>().toEqualTypeOf<Failure.Tag | "Unusable">()
    type Code = NonNullable<Named<Failures<typeof run>, "Failed">["code"]>
    expectTypeOf<"too_loud">().toExtend<Code>()
    // A code of tomorrow is still a string.
    expectTypeOf<string>().toExtend<Code>()
  })

  it("lets a submit fail only before the work is accepted, and a settle only after", () => {
    const submit = Client.submit(sing(input))
    expectTypeOf<Failures<typeof submit>>().toEqualTypeOf<Failure.Rejected | Failure.Uncertain | Journal.Unusable>()
    const settle = Client.settle(sing, handle)
    expectTypeOf<Named<Failures<typeof settle>, "Rejected" | "Uncertain">>().toEqualTypeOf<never>()
  })

  it("asks for the remote of that service, and a journal", () => {
    const run = Client.run(sing(input))
    expectTypeOf<typeof run>().toExtend<Effect.Effect<unknown, unknown, Remote.Remote<"choir"> | Journal.Journal>>()
    expectTypeOf<Remote.Remote<"band">>().not.toExtend<Remote.Remote<"choir">>()
  })

  it("asks for every code where the caller wants to choose by it, and for what is to be done with another", () => {
    const said = (text: string) => () => text
    const choose = Failure.byCode(sing, { too_loud: said("sing softly") }, said("something else"))
    const failed = (code?: string) =>
      new Failure.Failed({
        service: "choir",
        operation: "sing",
        reason: { _tag: "Internal" },
        evidence: { stage: "settle" },
        at: instant(0),
        handle,
        ...(code === undefined ? {} : { code }),
      })
    expect(["too_loud", "too_late", "constructor", undefined].map((code) => choose(failed(code)))).toEqual([
      "sing softly",
      "something else",
      "something else",
      "something else",
    ])
    // @ts-expect-error a code is forgotten
    Failure.byCode(sing, {}, said("something else"))
    // @ts-expect-error no page has this code
    Failure.byCode(sing, { too_loud: said("x"), too_slow: said("y") }, said("something else"))
    // @ts-expect-error tomorrow is forgotten
    Failure.byCode(sing, { too_loud: said("x") })
  })

  it("takes no input that the operation does not", () => {
    expectTypeOf(sing).parameter(0).toEqualTypeOf<{ readonly song: string }>()
    // @ts-expect-error a song is text
    sing({ song: 7 })
  })
})
