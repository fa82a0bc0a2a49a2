/** What any transport owes, whatever carries it: told with services that answer, break off or say nothing. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { answer, Behaviour } from "../../Behaviour.ts"
import * as Case from "../../Case.ts"
import { type Carrier, carry, fails, limits, request, secret, soon } from "./carried.ts"
import { same } from "./demand.ts"
import { always, bytes, counted, response } from "./service.ts"

const text = new TextDecoder()

const make = (
  law: number,
  name: string,
  exists: string,
  judge: (carrier: Carrier) => Effect.Effect<void, unknown, Scope.Scope>,
) => Case.make({ law, name, exists }, judge)

/** Nothing may come of these but the failure, once. */
const breaks = (name: string, exists: string, what: string, behaviour: Behaviour, problems: ReadonlyArray<string>) =>
  make(3, name, exists, (carrier) => {
    const { handler, seen } = counted(() => behaviour)
    return carry(handler, ({ send }) =>
      Effect.gen(function* () {
        yield* fails(what, send("/a"), "Unanswered", problems)
        yield* same("requests that the service read", seen.length, 1)
      }),
    )(carrier)
  })

const exchanges: ReadonlyArray<Case.Case<Carrier>> = [
  make(
    4,
    "a request arrives as it was given: method, path, headers and every byte",
    "a body that is read as text and written again",
    (carrier) => {
      const { handler, seen } = counted(() => answer(204))
      const body = new Uint8Array(256).map((_, at) => 255 - at)
      return carry(handler, ({ send }) =>
        Effect.gen(function* () {
          yield* send("/a%20b/c", { method: "PUT", body, headers: { "X-Own": "1", "x-key": Redacted.make(secret) } })
          const [one] = seen
          const { pathname, search } = new URL(one?.url ?? "http://nothing.test/")
          yield* same("the first line", [one?.method, pathname + search], ["PUT", `/a%20b/c?signature=${secret}`])
          yield* same("the headers", [one?.headers["x-own"], one?.headers["x-key"]], ["1", secret])
          yield* same("the body", Array.from(one?.body ?? []), Array.from(body))
        }),
      )(carrier)
    },
  ),
  make(
    3,
    "every status is an answer, and is asked for once",
    "a POST that is sent three times after a 500, or an error thrown for a 404",
    (carrier) => {
      const { handler, seen } = counted(({ url }) =>
        answer(Number(new URL(url).pathname.slice(1)), "", { "retry-after": "0" }),
      )
      const statuses = [200, 202, 400, 401, 404, 408, 409, 429, 500, 502, 503, 504]
      return carry(handler, ({ send }) =>
        Effect.gen(function* () {
          for (const status of statuses) yield* same("the status", (yield* send(`/${status}`)).status, status)
          yield* same("requests", seen.length, statuses.length)
        }),
      )(carrier)
    },
  ),
  make(
    10,
    "no redirect is followed, and no credential goes elsewhere",
    "a redirect that is followed with the authorization header",
    (carrier) => {
      const { handler, seen } = counted(({ url }) =>
        answer(Number(new URL(url).pathname.slice(1)), "", { location: "/stolen" }),
      )
      return carry(handler, ({ send }) =>
        Effect.gen(function* () {
          for (const status of [301, 302, 303, 307, 308]) {
            const { headers, status: seenStatus } = yield* send(`/${status}`)
            yield* same("the answer", [seenStatus, headers["location"]], [status, "/stolen"])
          }
          yield* same("where requests went", seen.filter(({ url }) => url.includes("/stolen")).length, 0)
        }),
      )(carrier)
    },
  ),
  make(
    0,
    "names of headers arrive in lower case, values as they were said",
    "a look-up that finds Retry-After but not retry-after",
    carry(always(answer(200, "", { "X-Tea": "Pot", "Retry-After": "7" })), ({ send }) =>
      Effect.gen(function* () {
        const { headers } = yield* send("/a")
        yield* same("the headers", [headers["x-tea"], headers["retry-after"]], ["Pot", "7"])
      }),
    ),
  ),
  make(
    0,
    "HEAD, 204 and 304 have no body, whatever length is told",
    "a client that waits for the body of an answer that has none",
    carry(
      ({ url }) => Effect.succeed(answer(Number(new URL(url).pathname.slice(1)), "0123456789")),
      ({ send }) =>
        Effect.gen(function* () {
          for (const [method, status] of [
            ["HEAD", 200],
            ["GET", 204],
            ["GET", 304],
          ] as const) {
            const { body, status: seen } = yield* soon(send(`/${status}`, { method }))
            yield* same(`${method} ${status}`, [seen, body.byteLength], [status, 0])
          }
          yield* same("GET 200", text.decode((yield* send("/200", { method: "GET" })).body), "0123456789")
        }),
    ),
  ),
  make(
    0,
    "requests at the same time keep their own answers",
    "state that two requests share",
    carry(
      ({ body }) =>
        Effect.delay(Effect.succeed(answer(200, body)), text.decode(body).endsWith("3") ? "20 millis" : "5 millis"),
      ({ send }) =>
        Effect.gen(function* () {
          const asked = Array.from({ length: 24 }, (_, nth) => `song ${nth}`)
          const told = yield* Effect.forEach(asked, (body) => send("/a", { body: bytes(body) }), {
            concurrency: "unbounded",
          })
          yield* same(
            "the answers",
            told.map(({ body }) => text.decode(body)),
            asked,
          )
        }),
    ),
  ),
  make(
    7,
    "no more of an answer is read than may be",
    "a body that fills the memory",
    carry(always(answer(200, "123456")), ({ send }) =>
      Effect.gen(function* () {
        yield* fails("a body one byte too large", send("/a", {}, { maxBytes: 5n }), "Unanswered", ["TooLarge"])
        yield* same("a body that just fits", text.decode((yield* send("/a", {}, { maxBytes: 6n })).body), "123456")
      }),
    ),
  ),
]

const breakages: ReadonlyArray<Case.Case<Carrier>> = [
  breaks(
    "a reset after the request was read is Unanswered, and nothing is sent again",
    "six POSTs in 41 ms after a dropped socket",
    "a reset",
    Behaviour.Reset(),
    ["Reset"],
  ),
  breaks(
    "a body that was cut off is no answer",
    "half a file that is a success",
    "half a body, then a close",
    Behaviour.Truncated({ response, bytes: 50, isReset: false }),
    ["Truncated", "Reset"],
  ),
  breaks(
    "a body that was cut off by a reset is no answer",
    "what was received counts as the whole",
    "half a body, then a reset",
    Behaviour.Truncated({ response, bytes: 50, isReset: true }),
    ["Truncated", "Reset"],
  ),
  breaks(
    "a body shorter than it said is no answer",
    "a length that nobody compares",
    "a body shorter than its length",
    Behaviour.Misdeclared({ response, declared: 300 }),
    ["Truncated", "Reset", "Malformed"],
  ),
  breaks(
    "bytes that are not HTTP are no answer",
    "garbage taken for an empty success",
    "garbage",
    Behaviour.Garbled({ bytes: bytes("SSH-2.0-OpenSSH_9.2\r\n\r\n") }),
    ["Malformed"],
  ),
  make(
    3,
    "Unsent is said of a port that refuses and of a name without address",
    "a refusal that leaves the caller in doubt",
    (carrier) =>
      carry(always(answer(200)), ({ nowhere, raw }) =>
        Effect.gen(function* () {
          for (const [what, url, problem] of [
            ["a refused connection", nowhere.refused, "Refused"],
            ["a name without address", nowhere.unnamed, "NameNotFound"],
          ] as const) {
            const sent = raw(request(`${url}/a`), limits())
            const proved = fails(what, sent, "Unsent", [problem])
            yield* carrier.proves === false ? Effect.catch(proved, () => fails(what, sent, "Unanswered", [])) : proved
          }
        }),
      )(carrier),
  ),
  make(
    3,
    "a request that is none is not sent, and none of it is shown",
    "a header with a line end that becomes two",
    (carrier) => {
      const { handler, seen } = counted(() => answer(200))
      return carry(handler, ({ origin, raw }) =>
        Effect.gen(function* () {
          for (const [what, more] of unfit) {
            yield* fails(what, raw(request(`${origin}/a`, more(origin)), limits()), "Unsent", ["InvalidRequest"])
          }
          yield* same("requests that the service read", seen.length, 0)
        }),
      )(carrier)
    },
  ),
]

const unfit: ReadonlyArray<readonly [string, (origin: string) => Parameters<typeof request>[1]]> = [
  ["a line end in a header", () => ({ headers: { "x-key": `${secret}\r\nx-more: 1` } })],
  ["a line end after a header", () => ({ headers: { "x-key": `${secret}\n` } })],
  ["a letter beyond Latin-1 in a header", () => ({ headers: { "x-key": `${secret}\u2713` } })],
  ["a line end in a header's name", () => ({ headers: { [`x-${secret}\r\nx`]: "1" } })],
  ["a line end in the url", (origin) => ({ url: `${origin}/a\r\nx: ${secret}` })],
  ["a space in the url", (origin) => ({ url: `${origin}/a ${secret}` })],
  ["a password in the url", (origin) => ({ url: `${origin.replace("//", `//me:${secret}@`)}/a` })],
  ["a url without an origin", () => ({ url: `/a?${secret}` })],
  ["a url of another scheme", () => ({ url: `ftp://127.0.0.1/${secret}` })],
  ["a method that is none", () => ({ method: `GET ${secret}` })],
  ["a tunnel", () => ({ method: "CONNECT" })],
]

/** What a transport is put before, whatever carries it. */
export const cases: ReadonlyArray<Case.Case<Carrier>> = [...exchanges, ...breakages]
