import { Exit } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import * as Operation from "@tenuto/core/Operation"
import * as Overten from "@tenuto/overten"
import type { Script } from "@tenuto/testkit"
import {
  carriers,
  emulator,
  failure,
  faulty,
  keysOf,
  ledger,
  on,
  play,
  posts,
  refusal,
  scripted,
  value,
} from "./stage.ts"

const input = { prompt: "A one-page brief on long notes", async: true }
/** The same route, of a service that checked no keys. */
const unkeyed = Operation.make({
  service: "overten",
  name: "word.generate",
  contract: { ...Overten.contract, idempotency: { _tag: "Unkeyed" } },
  input: Overten.wordGenerate.input,
  output: Overten.wordGenerate.output,
  codes: Overten.wordGenerate.codes,
})
const columns = [
  { column: "key", program: Client.run(Overten.wordGenerate(input)), isKeyed: true },
  { column: "no key", program: Client.run(unkeyed(input)), isKeyed: false },
] as const

const answered = async (answer: Script.Answer, program: (typeof columns)[number]["program"], count = 1) => {
  const service = emulator()
  const played = await play(scripted(service, [on("submit", answer, count)]), program)
  return { ...played, operations: (await ledger(service)).operations }
}

describe.each(columns)("6.5 submit failure matrix, Overten ($column)", ({ isKeyed, program }) => {
  const expectKeys = (seen: Parameters<typeof keysOf>[0]) => {
    const keys = keysOf(seen)
    expect(new Set(keys).size).toBe(1)
    expect(typeof keys[0]).toBe(isKeyed ? "string" : "undefined")
  }
  const expectUncertain = (exit: Exit.Exit<unknown, unknown>, seen: Parameters<typeof keysOf>[0]) => {
    expect(failure(exit)).toMatchObject({ _tag: "Uncertain" })
    expect(posts(seen)).toHaveLength(1)
  }

  it.each(["refused", "name-not-found"])("6.5 not sent (%s): sent again", async (fault) => {
    const service = emulator()
    const { exit, seen } = await play(faulty(service, `${fault}@submit`), program)
    value(exit)
    expect(posts(seen)).toHaveLength(2)
    expectKeys(seen)
    expect((await ledger(service)).operations).toHaveLength(1)
  })

  describe.each(carriers)("carried by %s", (carrier) => {
    it.each([
      "reset-before-commit",
      "reset-after-commit",
      "hang-after-commit",
      "truncated",
      "drop-mid-body",
      "garbage",
    ])("6.5 sent, no response (%s): the same key again, or ambiguous without one", async (fault) => {
      const service = emulator()
      const { exit, seen } = await play(faulty(service, `${fault}@submit`), program, { carrier })
      const { operations } = await ledger(service)
      if (!isKeyed) expectUncertain(exit, seen)
      else {
        value(exit)
        expect(posts(seen)).toHaveLength(2)
        expectKeys(seen)
      }
      expect(operations.length).toBeLessThanOrEqual(1)
    })

    it("6.5 429: sent again after Retry-After", async () => {
      const service = emulator()
      const { exit, seen } = await play(faulty(service, "429=17@submit"), program, { carrier })
      value(exit)
      expect(posts(seen).map(({ at }) => at)).toEqual([0, 17])
      expectKeys(seen)
    })

    it("6.5 503: sent again after 30 to 60 s", async () => {
      const { exit, seen } = await play(faulty(emulator(), "503@submit"), program, { carrier })
      value(exit)
      const [, second] = posts(seen)
      expect(second?.at).toBeGreaterThanOrEqual(30)
      expect(second?.at).toBeLessThanOrEqual(60)
      expectKeys(seen)
    })

    it.each(["500", "502"])("6.5 %s: backoff and the same key, or ambiguous without one", async (status) => {
      const { exit, seen } = await play(faulty(emulator(), `${status}@submit`), program, { carrier })
      if (!isKeyed) return expectUncertain(exit, seen)
      value(exit)
      expect(posts(seen)).toHaveLength(2)
      expectKeys(seen)
    })
  })

  it("6.5 408 that names a task: adopted", async () => {
    const json = {
      success: false,
      error: "sync_timeout_upgrade_async",
      message: "Slow.",
      task_id: "task_1",
      run_id: "run_1",
    }
    const service = emulator()
    const done = { status: 200, json: { task_id: "task_1", status: "completed", result: { summary: "Done" } } }
    const steps = [on("submit", { status: 408, json }), on("look", done)]
    const { exit, seen } = await play(scripted(service, steps), program)
    expect(value(exit)).toMatchObject({ run_id: "run_1", summary: "Done" })
    expect(posts(seen)).toHaveLength(1)
  })

  it("6.5 408 that names none: changed and sent once more, under another key where there is one", async () => {
    const { exit, operations, seen } = await answered(refusal(408, "sync_timeout_upgrade_async"), program)
    value(exit)
    expect(posts(seen)).toHaveLength(2)
    expect(posts(seen)[1]?.body).toMatchObject({ async: true })
    expect(new Set(keysOf(seen)).size).toBe(isKeyed ? 2 : 1)
    expect(operations).toHaveLength(1)
  })

  it("6.5 501: not sent again", async () => {
    const { exit, seen } = await answered(refusal(501, "not_implemented"), program)
    expect(failure(exit)).toMatchObject({ _tag: "Rejected", reason: { _tag: "NotImplemented" } })
    expect(posts(seen)).toHaveLength(1)
  })

  it.each([400, 401, 402, 403, 404, 405, 409, 410, 413, 418, 422, 451])(
    "6.5 4xx other (%s): not sent again",
    async (status) => {
      const { exit, operations, seen } = await answered({ status, text: "" }, program)
      expect(failure(exit)).toMatchObject({ _tag: "Rejected", evidence: { status } })
      expect([posts(seen).length, operations.length]).toEqual([1, 0])
    },
  )
})
