/** What a name can do to an address, and what becomes of a request that its provider cannot make. */
import { assert, describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Artifact from "@tenuto/core/Artifact"
import * as Exchange from "@tenuto/http/Exchange"
import * as Link from "@tenuto/http/Link"
import type * as Provider from "@tenuto/http/Provider"
import { answer, base, handle, remote, request, table, within } from "./service.ts"

const sing = table.endpoints["sing"] as Provider.Endpoint
const with_ = (changes: Partial<Provider.Endpoint>): Partial<Provider.Table<"service">> => ({
  endpoints: { sing: { ...sing, ...changes } },
})
const half = "\ud800"

describe("a name in a path", () => {
  const look: Provider.Endpoint["look"] = ({ id }) => ({ method: "GET", path: ["songs", id, "status"] })

  it.effect.each([
    ["7", "7"],
    ["a/../b", "a%2F..%2Fb"],
    ["x?a=1#y", "x%3Fa%3D1%23y"],
    ["%2e%2e", "%252e%252e"],
    ["...", "..."],
    ["a\\b", "a%5Cb"],
    ["7:cancel", "7%3Acancel"],
    ["ü 😀", "%C3%BC%20%F0%9F%98%80"],
  ] as const)("%o is one segment", ([id, segment]) =>
    Effect.gen(function* () {
      const service = remote(() => answer(200, { status: "x" }), {}, with_({ look }))
      expect(yield* service.look({ ...handle, id })).toMatchObject({ _tag: "Observed" })
      expect(service.sent.map(({ request: { url } }) => Exchange.reveal(url))).toEqual([
        `${base}/songs/${segment}/status`,
      ])
    }),
  )

  it.effect.each(["", ".", "..", half, `a${half}`])("%o is refused, and nothing is sent", (id) =>
    Effect.gen(function* () {
      const service = remote(() => answer(200, { status: "x" }), {}, with_({ look }))
      const seen = yield* service.look({ ...handle, id })
      assert(seen._tag === "Unseen" && seen.reason._tag === "Invalid")
      expect(seen.reason.issues[0]?.message).toBe(`no address can hold the name ${JSON.stringify(id)} as it is`)
      expect(service.sent).toEqual([])
    }),
  )

  it.effect.each(["/songs/../status", "/songs/.", "/songs/%2E%2e/x", "/songs/.%2e", "/songs\\..\\x", `/songs/${half}`])(
    "is refused in a path that is text, too: %o",
    (path) =>
      Effect.gen(function* () {
        const service = remote(() => answer(200, { status: "x" }), {}, with_({ look: () => ({ method: "GET", path }) }))
        expect(yield* service.look()).toMatchObject({ _tag: "Unseen", reason: { _tag: "Invalid" } })
        expect(service.sent).toEqual([])
      }),
  )

  it.effect("is refused in a query where half of it would become another name", () =>
    Effect.gen(function* () {
      const service = remote(() => answer(200, { status: "x" }))
      expect(yield* service.look({ ...handle, id: half })).toMatchObject({
        _tag: "Unseen",
        reason: { _tag: "Invalid" },
      })
      expect(service.sent).toEqual([])
      expect(yield* service.look({ ...handle, id: ".." })).toMatchObject({ _tag: "Observed" })
    }),
  )

  it.effect("is refused of a submit as well, which then has not started", () =>
    Effect.gen(function* () {
      const submit: Provider.Endpoint["submit"] = ({ input }) => ({
        method: "POST",
        path: [typeof input["place"] === "string" ? input["place"] : ""],
      })
      const service = remote(() => answer(200, { id: "1" }), {}, with_({ submit }))
      expect(yield* service.submit({ ...request, input: { place: ".." } })).toMatchObject({
        _tag: "Rejected",
        reason: { _tag: "Invalid" },
      })
      expect(service.sent).toEqual([])
    }),
  )
})

describe("a request that its provider cannot make", () => {
  const stumble = ({ id }: { readonly id?: string }) => ({ method: "GET", path: `/${encodeURIComponent(id ?? half)}` })

  it.effect("is a draft that was rejected, and says for which operation", () =>
    Effect.gen(function* () {
      const service = remote(() => answer(200), {}, with_({ submit: () => stumble({}) }))
      expect(yield* service.submit()).toEqual({
        _tag: "Rejected",
        reason: {
          _tag: "Invalid",
          issues: [{ path: ["draft"], message: "sing cannot make a request of this draft; nothing was sent" }],
        },
        evidence: { stage: "draft" },
      })
      expect(service.sent).toEqual([])
    }),
  )

  it.effect("is a look or a cancel that showed nothing", () =>
    Effect.gen(function* () {
      const service = remote(() => answer(200), {}, with_({ look: stumble, cancel: stumble }))
      for (const seen of [
        yield* service.look({ ...handle, id: half }),
        yield* service.cancel({ ...handle, id: half }),
      ]) {
        expect(seen).toMatchObject({
          _tag: "Unseen",
          reason: { issues: [{ message: "sing cannot make a request of this handle; nothing was sent" }] },
        })
      }
      expect(service.sent).toEqual([])
    }),
  )

  it.effect("is a link that is not renewed", () =>
    Effect.gen(function* () {
      const service = remote(() => answer(200), {}, with_({ link: Link.redirect(() => stumble({})) }))
      const shape = yield* service.shape
      const artifact = new Artifact.Artifact({ name: "document", handle })
      expect(yield* shape.renew?.(artifact, within) ?? Effect.die("none")).toMatchObject({
        _tag: "Unseen",
        reason: { _tag: "Invalid" },
        evidence: { stage: "download" },
      })
    }),
  )

  it.effect("has a body that cannot be written", () =>
    Effect.gen(function* () {
      let body: unknown = "deep"
      for (let n = 0; n < 100_000; n++) body = [body]
      const service = remote(
        () => answer(200),
        {},
        with_({ submit: () => ({ method: "POST", path: "/songs", body: body as never }) }),
      )
      expect(yield* service.submit()).toMatchObject({ _tag: "Rejected", reason: { _tag: "Invalid" } })
      expect(service.sent).toEqual([])
    }),
  )

  it.effect("does not make an answer unread whose notice of retirement cannot be read", () =>
    Effect.gen(function* () {
      const deprecation: Provider.Table<"service">["deprecation"] = () => {
        throw new Error("no")
      }
      const service = remote(() => answer(200, { id: "1" }), {}, { deprecation })
      expect(yield* service.submit()).toMatchObject({ _tag: "Accepted" })
    }),
  )
})
