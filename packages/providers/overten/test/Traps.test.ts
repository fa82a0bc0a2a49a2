import { DateTime, Duration, Effect, Exit, Fiber, Stream } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import * as Inbox from "@tenuto/core/Inbox"
import * as Remedy from "@tenuto/core/Remedy"
import * as Download from "@tenuto/http/Download"
import * as Signature from "@tenuto/http/Signature"
import * as Webhook from "@tenuto/http/Webhook"
import * as Overten from "@tenuto/overten"
import {
  apiKey,
  brief,
  carriers,
  emulator,
  failure,
  keysOf,
  ledger,
  looks,
  on,
  play,
  posts,
  refusal,
  runBrief,
  runSlow,
  scripted,
  slow,
  value,
} from "./stage.ts"

const prompt = "A one-page brief on long notes"
const upgraded = (seen: Parameters<typeof posts>[0]) =>
  posts(seen).map(({ body }) => (body as { readonly async?: boolean }).async)

/** The two headers that a key may travel in, and the two ends of which no delivery tells. */
const ways = ["bearer", "x-api-key"] as const
const silent = ["cancelled", "expired"] as const

describe("traps", () => {
  it("T-OV-1 a 408 asks for another request, so it goes out under another key, once, and makes one task that counts", async () => {
    const service = emulator({ work: "20 minutes", ceiling: "refuse" })
    const { exit, journal, seen, took } = await play(service.handler, runBrief)
    expect(value(exit)).toMatchObject({ credits_used: 5 })
    const [first, second, ...rest] = keysOf(seen)
    expect([second, rest]).toEqual([`${String(first)}-upgraded`, []])
    expect(upgraded(seen)).toEqual([undefined, true])
    // The same key with another body would have been the conflict of the page.
    expect(seen.map(({ method }) => method).slice(0, 3)).toEqual(["POST", "POST", "GET"])
    expect((await ledger(service)).operations.map(({ status }) => status)).toEqual(["cancelled", "completed"])
    expect(took).toBeGreaterThanOrEqual(1500)
    expect(journal).toContain("UpgradeRequired")
  })

  it("T-OV-1 a service that goes on asking for async is not obeyed twice", async () => {
    const { exit, seen } = await play(
      scripted(emulator(), [on("submit", refusal(408, "sync_timeout_upgrade_async"), 99)]),
      runBrief,
    )
    const error = failure(exit) as Remedy.Trouble
    expect(error).toMatchObject({ _tag: "Rejected", reason: { _tag: "UpgradeRequired", changes: { async: true } } })
    expect(posts(seen)).toHaveLength(2)
  })

  it("T-OV-2 a 408 that names its task is an acceptance: the task is looked at, and nothing is sent again", async () => {
    const service = emulator({ work: "20 minutes", ceiling: "name" })
    const { exit, seen } = await play(service.handler, runBrief)
    expect(value(exit)).toMatchObject({ credits_used: 5 })
    expect(posts(seen)).toHaveLength(1)
    expect((await ledger(service)).operations).toHaveLength(1)
  })

  it("T-OV-2 so is a 500 or a 502 that does", async () => {
    for (const status of [500, 502]) {
      const json = { success: false, error: "internal_error", message: "x", status, task_id: "task_1", run_id: "run_1" }
      const done = { status: 200, json: { status: "completed", result: { summary: "Done" } } }
      const story = scripted(emulator(), [on("submit", { status, json }), on("look", done)])
      const { exit, seen } = await play(story, runBrief)
      expect(value(exit)).toMatchObject({ run_id: "run_1", summary: "Done" })
      expect(posts(seen)).toHaveLength(1)
    }
  })

  it("T-OV-2 a 408 of somebody between, without the service's words, is a doubt and goes out again unchanged", async () => {
    const { exit, seen } = await play(scripted(emulator(), [on("submit", { status: 408, text: "" })]), runBrief)
    value(exit)
    expect(upgraded(seen)).toEqual([undefined, undefined])
    expect(new Set(keysOf(seen)).size).toBe(1)
  })

  describe.each(carriers)("carried by %s", (carrier) => {
    it.each(ways)("T-OV-3 the key does not travel to the host of files when it is sent as %s", async (auth) => {
      const service = emulator({ apiKey })
      const program = Effect.gen(function* () {
        const { document } = yield* runBrief
        if (document === undefined) return yield* Effect.die("no document")
        return yield* Stream.runCollect(Download.stream(Overten.wordGenerate, document))
      })
      const { exit, seen } = await play(service.handler, program, { carrier, auth })
      expect(value(exit).length).toBeGreaterThan(0)
      const [, link, file] = seen
      expect(link?.path).toMatch(/^\/api\/v1\/runs\/run_\w+\/download$/)
      expect(link?.headers[auth === "bearer" ? "authorization" : "x-api-key"]).toContain(apiKey)
      expect(file?.path).toMatch(/^\/storage\//)
      expect(JSON.stringify(file)).not.toContain(apiKey)
      expect(await ledger(service)).toMatchObject({ leaks: 0 })
    })
  })

  it("T-OV-4 deliveries are told apart by task and event: two tasks of one run are two, twice the same is one", async () => {
    const inbox = Inbox.makeMemory()
    const receiver = Webhook.receiveInto(Overten.webhook, { inbox, secrets: ["whsec_1"] })
    const outcomes = await Effect.runPromise(
      Effect.forEach(
        [
          { task_id: "task_1", event: "run.completed" },
          { task_id: "task_2", event: "run.completed" },
          { task_id: "task_1", event: "run.failed" },
          { task_id: "task_2", event: "run.completed" },
        ],
        Effect.fnUntraced(function* (notice) {
          const body = JSON.stringify({ run_id: "run_1", ...notice })
          const message = { id: "", timestamp: yield* DateTime.now, body }
          const headers = yield* Signature.sign(Overten.webhook.scheme, "whsec_1", message)
          return (yield* receiver({ headers, body })).outcome
        }),
      ),
    )
    expect(outcomes).toEqual(["Taken", "Taken", "Taken", "Known"])
  })

  it.each(silent)("T-OV-5 work that is %s is found by looking, for no delivery tells of it", async (outcome) => {
    const service = emulator({ outcome: () => outcome })
    const hooked = Overten.wordGenerate({ prompt, async: true, webhook_url: "http://me.test/hook" })
    const program = Effect.gen(function* () {
      const handle = yield* Client.submit(hooked)
      yield* Effect.sleep("25 hours")
      return yield* Client.settle(hooked.operation, handle)
    })
    const { exit } = await play(service.handler, program)
    expect(failure(exit)).toMatchObject({ _tag: outcome === "cancelled" ? "Cancelled" : "Expired" })
    expect(await Effect.runPromise(service.courier.ledger)).toEqual([])
  })

  it("T-OV-6 `error` is a code in an answer and a structure in a task; 501 is final though it is a 5xx", async () => {
    const refused = failure(
      (await play(scripted(emulator(), [on("submit", refusal(402, "insufficient_credits"))]), runSlow)).exit,
    )
    const failed = failure((await play(emulator({ failing: "insufficient_credits" }).handler, runSlow)).exit)
    expect([refused, failed]).toMatchObject([
      { _tag: "Rejected", reason: { _tag: "Unpaid" }, evidence: { code: "insufficient_credits" } },
      { _tag: "Failed", reason: { _tag: "Unpaid" }, code: "insufficient_credits" },
    ])
    const { exit, seen } = await play(scripted(emulator(), [on("submit", refusal(501, "not_implemented"), 9)]), runSlow)
    expect(failure(exit)).toMatchObject({ _tag: "Rejected", reason: { _tag: "NotImplemented" } })
    expect(seen).toHaveLength(1)
  })

  it("T-OV-7 how time and body join and what the secret is are parameters; the prefix decides nothing", async () => {
    const secret = "whsec_c29tZSBzZWNyZXQ="
    const body = JSON.stringify({ event: "run.completed", task_id: "task_1" })
    const asked = async (one: Webhook.Webhook, other: Webhook.Webhook) => {
      const program = Effect.gen(function* () {
        const message = { id: "", timestamp: yield* DateTime.now, body }
        const headers = yield* Signature.sign(one.scheme, secret, message)
        return (yield* Webhook.receive(other, { secrets: [secret] })({ headers, body })).status
      })
      return Effect.runPromise(program)
    }
    const { webhook, webhookOf } = Overten
    const schemes = [webhook, webhookOf({ secret: "Base64" }), webhookOf({ signed: "{timestamp}{body}" })]
    for (const one of schemes)
      for (const other of schemes) expect(await asked(one, other)).toBe(one === other ? 200 : 401)
    expect(await asked(webhook, webhookOf({}))).toBe(200)
  })

  it("T-OV-8 the answer to a submit may be the end: nothing is looked at, and the journal says settled", async () => {
    const { exit, journal, seen } = await play(emulator().handler, Effect.andThen(Client.submit(brief), Effect.void))
    expect(Exit.isSuccess(exit)).toBe(true)
    expect(seen).toHaveLength(1)
    expect(journal).toContain('"observation":{"_tag":"Succeeded"')
  })

  it("T-OV-9 a conflict is never sent again by itself, neither under the key nor about the state", async () => {
    const key = "order-7"
    const service = emulator({ work: "10 minutes" })
    const one = Overten.wordGenerate({ prompt, async: true }, { key })
    const other = Overten.wordGenerate({ prompt: "Another", async: true }, { key })
    const first = value((await play(service.handler, Client.submit(one))).exit)
    const taken = await play(service.handler, Client.run(other))
    expect(failure(taken.exit)).toMatchObject({ _tag: "Rejected", reason: { _tag: "Conflict", over: "KeyOrState" } })
    expect(taken.seen).toHaveLength(1)
    const run_id = first.also?.["run_id"] ?? ""
    const again = await play(service.handler, Client.run(Overten.wordGenerate({ prompt, run_id })))
    expect(failure(again.exit)).toMatchObject({ _tag: "Rejected", reason: { _tag: "Conflict" } })
    expect(again.seen).toHaveLength(1)
    expect(Remedy.isAutomatic(Remedy.of(failure(again.exit) as Remedy.Trouble, Overten.contract))).toBe(false)
    // Once the run's task has ended, asking again is the caller's to do, and works.
    const later = await play(
      service.handler,
      Effect.andThen(Effect.sleep("1 hour"), Client.run(Overten.wordGenerate({ prompt, run_id, async: true }))),
    )
    expect(value(later.exit)).toMatchObject({ run_id })
  })
})

describe("contradictions", () => {
  it("C-OV-1 a request that hits the ceiling goes on as a task, whichever way the service says so", async () => {
    for (const ceiling of ["promote", "refuse", "name"] as const) {
      const service = emulator({ work: "20 minutes", ceiling })
      const { exit, seen } = await play(service.handler, runBrief)
      expect(value(exit)).toMatchObject({ credits_used: 5 })
      expect(posts(seen)).toHaveLength(ceiling === "refuse" ? 2 : 1)
    }
  })

  it("C-OV-1 202 is never submitted again, however long the task takes", async () => {
    const service = emulator({ work: "10 hours" })
    const { exit, seen } = await play(service.handler, runBrief)
    expect(failure(exit)).toMatchObject({ _tag: "Overdue" })
    expect(posts(seen)).toHaveLength(1)
    expect(looks(seen).length).toBeGreaterThan(100)
  })

  it("C-OV-2 both error bodies are read, on any status", async () => {
    const detail = [{ loc: ["body", "prompt"], msg: "Field required", type: "missing", input: {}, ctx: {} }]
    const at = async (status: number, json: object) =>
      failure((await play(scripted(emulator(), [on("submit", { status, json: json as never })]), runBrief)).exit)
    const issues = [{ path: ["body", "prompt"], message: "Field required", code: "missing" }]
    expect(await at(422, { detail })).toMatchObject({ reason: { _tag: "Invalid", issues } })
    expect(await at(400, { detail })).toMatchObject({ reason: { _tag: "Invalid", issues } })
    const message = { _tag: "Developer", text: "No." }
    expect(await at(403, { detail: "No." })).toMatchObject({ reason: { _tag: "Forbidden" }, evidence: { message } })
    // The emulator speaks both.
    for (const shape of ["error", "detail"] as const) {
      const broken = emulator({ shape })
      const bare = { ...brief, operation: { ...Overten.wordGenerate, input: Overten.verify.input } }
      const error = failure(
        (await play(broken.handler, Client.run({ ...bare, input: {} } as unknown as typeof brief))).exit,
      )
      expect(error).toMatchObject({ _tag: "Rejected", reason: { _tag: "Invalid" } })
    }
  })

  it("C-OV-3 the key travels in either header, by default as Bearer", async () => {
    const sent = async (auth?: "bearer" | "x-api-key") => {
      const { exit, seen } = await play(emulator({ apiKey }).handler, runBrief, auth === undefined ? {} : { auth })
      value(exit)
      return [seen[0]?.headers["authorization"], seen[0]?.headers["x-api-key"]]
    }
    expect(await sent()).toEqual([`Bearer ${apiKey}`, undefined])
    expect(await sent("bearer")).toEqual([`Bearer ${apiKey}`, undefined])
    expect(await sent("x-api-key")).toEqual([undefined, apiKey])
  })

  it("C-OV-4 whether text has two modes is open, so no operation of ours is about it", () => {
    expect(Object.keys(Overten.operations).filter((name) => name.startsWith("text"))).toEqual([])
  })

  it("C-OV-5 our own trouble is answered 503, for a 4xx may be the last attempt", async () => {
    const receiver = Webhook.receive(Overten.webhook, { secrets: [] })
    const { status } = await Effect.runPromise(receiver({ headers: {}, body: "{}" }))
    expect(status).toBe(503)
  })

  it("C-OV-6 timeout_ms beyond the ceiling is sent as it is; the ceiling still stands", async () => {
    const draft = Overten.wordGenerate({ prompt, timeout_ms: Duration.minutes(30) })
    const { exit, seen } = await play(emulator({ work: "6 minutes" }).handler, Client.run(draft))
    value(exit)
    expect(posts(seen)[0]?.body).toMatchObject({ timeout_ms: 1_800_000 })
    expect(looks(seen).length).toBeGreaterThan(0)
  })

  it("C-OV-7 a dry run always says which format", async () => {
    const { exit, seen } = await play(emulator().handler, Client.run(Overten.preflight({ format: "slides", prompt })))
    expect(value(exit)).toEqual({ answer: { success: true, missing: [] } })
    expect(seen[0]?.body).toEqual({ format: "slides", prompt })
    // @ts-expect-error a format is needed
    const without = await play(emulator().handler, Client.run(Overten.preflight({ prompt })))
    expect(failure(without.exit)).toMatchObject({ _tag: "Rejected", evidence: { stage: "draft" } })
  })
})

it("a wait that is interrupted while a synchronous answer is held leaves the work to its key", async () => {
  const service = emulator({ work: "2 minutes" })
  const keyed = Overten.wordGenerate({ prompt }, { key: "order-9" })
  const program = Effect.gen(function* () {
    const waiting = yield* Effect.forkChild(Client.run(keyed))
    yield* Effect.sleep("30 seconds")
    yield* Fiber.interrupt(waiting)
    yield* Effect.sleep("10 minutes")
    return yield* Client.run(keyed)
  })
  const { exit, seen } = await play(service.handler, program)
  expect(value(exit)).toMatchObject({ credits_used: 5 })
  expect(keysOf(seen)).toEqual(["order-9", "order-9"])
  expect((await ledger(service)).operations).toMatchObject([{ posts: 2 }])
  expect(slow.input.async).toBe(true)
})
