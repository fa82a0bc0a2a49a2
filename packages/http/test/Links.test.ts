/** Links of every form, and whom the credential is shown to on the way. */
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Artifact from "@tenuto/core/Artifact"
import type { Remote } from "@tenuto/core"
import * as Link from "@tenuto/http/Link"
import * as Provider from "@tenuto/http/Provider"
import { answer, apiKey, handle, remote, table } from "./service.ts"
import * as Storage from "./storage.ts"

const { file, linkOf, play, store } = Storage
const text = new TextEncoder()

const content = ({ exit }: Storage.Played): Uint8Array =>
  Exit.isSuccess(exit) ? exit.value : assert.fail(inspect(exit, { depth: 8 }))
const told = ({ exit }: Storage.Played): string =>
  Exit.isFailure(exit) ? inspect(exit, { depth: 8 }) : assert.fail("it did not fail")
const urlsOf = ({ requests }: Storage.Played) => requests.map(({ url }) => url)
const linked = (link: string, more: Storage.Stage["artifact"] = {}) => ({ ...more, link: Artifact.link(link) })
const failing = {
  look: () => ({ _tag: "Unseen", reason: { _tag: "Forbidden" }, evidence: { stage: "look" } }) as const,
}

/** A host at which some addresses lead elsewhere. */
const leading =
  (ways: Readonly<Record<string, string>>, status = 302): Storage.Respond =>
  (request) => {
    const location = ways[request.url]
    return location === undefined ? store()(request) : { status, headers: { location } }
  }

describe("a link that redirects", () => {
  it.effect("is followed at each status that says so, over several hosts, with one socket open", () =>
    Effect.gen(function* () {
      for (const status of [301, 302, 303, 307, 308]) {
        const ways = { [linkOf(0)]: "/b?sig=2", "https://files.test/b?sig=2": "https://cdn.test/c?sig=3" }
        const played = yield* play({ answers: [leading(ways, status)] })
        assert.deepStrictEqual(content(played), file)
        assert.deepStrictEqual(urlsOf(played), [linkOf(0), "https://files.test/b?sig=2", "https://cdn.test/c?sig=3"])
        assert.deepStrictEqual([played.looks.length, played.most, played.open], [0, 1, 0])
      }
    }),
  )

  it.effect("is followed anew where the file breaks off, and the rest is asked for at its end", () =>
    Effect.gen(function* () {
      const way = leading({ [linkOf(0)]: "https://cdn.test/c" })
      const played = yield* play({ answers: [way, store({ until: 300 }), way, store()] })
      assert.deepStrictEqual(content(played), file)
      assert.deepStrictEqual(urlsOf(played), [linkOf(0), "https://cdn.test/c", linkOf(0), "https://cdn.test/c"])
      assert.strictEqual(played.requests.at(-1)?.headers["range"], "bytes=300-")
    }),
  )

  it.effect("in a circle, to plain http, to another scheme, or nowhere is renewed once and then malformed", () =>
    Effect.gen(function* () {
      const ends = {
        "/a.flac?sig=s3cr3t0": "redirects more than 10 times",
        "http://files.test/a.flac": "redirects from https to http",
        "data:audio/flac;base64,ZkxhQw==": "neither http nor https",
        "file:///etc/passwd": "neither http nor https",
        "https://": "does not say where to",
      }
      for (const [location, problem] of Object.entries(ends)) {
        const played = yield* play({
          answers: [() => ({ status: 302, headers: { location } })],
          look: () => Storage.succeeded(Storage.artifactOf()),
        })
        assert.include(told(played), problem)
        assert.include(told(played), "Malformed")
        assert.notInclude(told(played), "s3cr3t")
        assert.deepStrictEqual([played.looks.length, played.open], [1, 0])
      }
    }),
  )

  it.effect("may go on over plain http where it began there", () =>
    Effect.gen(function* () {
      const ways = { "http://127.0.0.1:8000/a": "http://127.0.0.1:8001/b" }
      const played = yield* play({ answers: [leading(ways)], artifact: linked("http://127.0.0.1:8000/a") })
      assert.deepStrictEqual(content(played), file)
    }),
  )

  it.effect("in raw UTF-8, as a header's bytes come, asks for the letters that were meant", () =>
    Effect.gen(function* () {
      const bytes = (location: string) => Buffer.from(location).toString("latin1")
      const ends = {
        [bytes("/cdn/Größe.docx?sig=1")]: "/cdn/Gr%C3%B6%C3%9Fe.docx?sig=1",
        [bytes("/文档.docx")]: "/%E6%96%87%E6%A1%A3.docx",
        "/cdn/Größe.docx": "/cdn/Gr%C3%B6%C3%9Fe.docx", // Latin-1, or decoded before
        "/文档.docx": "/%E6%96%87%E6%A1%A3.docx", // decoded before
        "/Gr%C3%B6%C3%9Fe.docx": "/Gr%C3%B6%C3%9Fe.docx",
      }
      for (const [location, path] of Object.entries(ends)) {
        const played = yield* play({ answers: [leading({ [linkOf(0)]: location })] })
        assert.strictEqual(urlsOf(played).at(-1), `https://files.test${path}`)
      }
    }),
  )
})

describe("a link", () => {
  it.effect("with spaces or letters beyond ASCII is encoded; one with a line end is not sent", () =>
    Effect.gen(function* () {
      const ends = {
        " https://files.test/My Song.flac?name=My Song&sig=1 ":
          "https://files.test/My%20Song.flac?name=My%20Song&sig=1",
        "https://files.test/Größe.flac?sig=%2F+1": "https://files.test/Gr%C3%B6%C3%9Fe.flac?sig=%2F+1",
        "https://files.test/a\nb": "https://files.test/a\nb",
      }
      for (const [link, url] of Object.entries(ends)) {
        assert.deepStrictEqual(urlsOf(yield* play({ answers: [store()], artifact: linked(link) })), [url])
      }
    }),
  )

  it.effect("that is the file itself is read without asking anybody", () =>
    Effect.gen(function* () {
      const base64 = Buffer.from(file).toString("base64")
      const links = [
        `data:audio/flac;base64,${base64}`,
        `DATA:;base64,${base64.replace(/=+$/, "")}`,
        `data:audio/flac;x=1;base64,${encodeURIComponent(base64)}`,
        `data:,${Array.from(file, (byte) => `%${byte.toString(16).padStart(2, "0")}`).join("")}`,
      ]
      for (const link of links) {
        const played = yield* play({ answers: [], artifact: linked(link, { mediaType: "audio/flac" }) })
        assert.deepStrictEqual(content(played), file)
        assert.deepStrictEqual([played.requests, played.looks, played.open], [[], [], 0])
      }
      const plain = yield* play({ answers: [], artifact: linked("data:text/plain,100%25 la%zz") })
      assert.deepStrictEqual(content(plain), text.encode("100% la%zz"))
    }),
  )

  it.effect("that is no file after all is malformed, and shows nothing of itself", () =>
    Effect.gen(function* () {
      for (const link of ["data:audio/flac;base64,s3cr3t!", "data:s3cr3t", "data:text/plain,s3cr3t", "data:,"]) {
        const artifact = linked(link, { mediaType: "audio/flac" })
        const played = yield* play({
          answers: [],
          artifact,
          look: () => Storage.succeeded(Storage.artifactOf(artifact)),
        })
        assert.include(told(played), "Malformed")
        assert.notInclude(told(played), "s3cr3t")
      }
    }),
  )
})

describe("a file behind the credential", () => {
  const origin = new URL(handle.origin).origin
  const authorization = Redacted.make(`Bearer ${apiKey}`)
  const credential: Remote.Shape["credential"] = (address) =>
    new URL(address).origin === origin ? Effect.succeed({ authorization }) : undefined
  const keysOf = ({ requests }: Storage.Played) => requests.map(({ headers }) => headers["authorization"] !== undefined)
  const guarded =
    (respond: Storage.Respond): Storage.Respond =>
    (request) =>
      new URL(request.url).origin === origin && request.headers["authorization"] === undefined
        ? { status: 401 }
        : respond(request)

  it.effect("is asked for with it at the configured origin, and gone on with", () =>
    Effect.gen(function* () {
      const artifact = linked(`${origin}/v1/videos/1/content`, { requiresCredential: true })
      const played = yield* play({ answers: [store({ until: 300 }), store()].map(guarded), artifact, credential })
      assert.deepStrictEqual(content(played), file)
      assert.deepStrictEqual(keysOf(played), [true, true])
      assert.strictEqual(played.requests[1]?.headers["range"], "bytes=300-")
    }),
  )

  it.effect("shows it to no other origin: by its link, by a redirect, or on the way back", () =>
    Effect.gen(function* () {
      const ways = {
        [`${origin}/content`]: `${origin}/there`,
        [`${origin}/there`]: "https://cdn.test/x",
        "https://cdn.test/x": `${origin}/back`,
      }
      const artifact = linked(`${origin}/content`, { requiresCredential: true })
      const played = yield* play({ answers: [leading(ways)], artifact, credential })
      assert.deepStrictEqual(keysOf(played), [true, true, false, false])
      const elsewhere = linked(linkOf(0), { requiresCredential: true })
      assert.deepStrictEqual(keysOf(yield* play({ answers: [store()], artifact: elsewhere, credential })), [false])
      const unmarked = linked(`${origin}/content`)
      const refused = yield* play({ answers: [guarded(store())], artifact: unmarked, credential, ...failing })
      assert.deepStrictEqual(keysOf(refused), [false])
    }),
  )

  it.effect("that is refused with it says that the credential is wrong", () =>
    Effect.gen(function* () {
      const artifact = linked(`${origin}/content`, { requiresCredential: true })
      const look = () => Storage.succeeded(Storage.artifactOf(artifact))
      const played = yield* play({ answers: [() => ({ status: 401 })], artifact, credential, look })
      assert.include(told(played), "Unauthenticated")
      assert.notInclude(told(played), apiKey)
    }),
  )

  it.effect("is a provider's to name: Link.content makes the link, and the remote has the credential for it", () =>
    Effect.gen(function* () {
      const sing = table.endpoints["sing"] as Provider.Endpoint
      const link = Link.content(({ handle: { id }, name }) =>
        name === "audio" ? { method: "GET", path: `/songs/${id}/content`, query: { as: "flac" } } : undefined,
      )
      const service = yield* remote(() => answer(500, {}), {}, { endpoints: { sing: { ...sing, link } } }).shape
      const dead = { expiresAt: Storage.soon("-1 hour") }
      const renewal = yield* service.renew?.(Storage.artifactOf(dead), 1 as never) ?? Effect.die("no renewal")
      const made = renewal._tag === "Renewed" ? renewal.artifact : assert.fail(inspect(renewal))
      const address = Redacted.value(made.link as Redacted.Redacted<string>)
      assert.match(address, new RegExp(`/songs/${handle.id}/content\\?as=flac$`))
      assert.deepStrictEqual([made.requiresCredential, made.expiresAt], [true, undefined])
      assert.isUndefined(service.renew?.(Storage.artifactOf({ name: "cover" }), 1 as never))
      assert.include(inspect(yield* service.credential?.(address) ?? Effect.succeed({})), "authorization")
      for (const other of ["https://files.test/a", address.replace("https:", "http:"), "data:,a", "nowhere", ""]) {
        assert.isUndefined(service.credential?.(other), other)
      }
      const nowhere = yield* remote(() => answer(500, {}), { baseUrl: "nowhere" }).shape
      assert.isUndefined(nowhere.credential?.("nowhere"))
    }),
  )
})
