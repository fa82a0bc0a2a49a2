/** Work that stops in the middle and asks, as tasks of MCP and A2A do: the caller is told at once, answers, and waits on. */
import * as Duration from "effect/Duration"
import { Effect, Result, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { Client, Contract, Handle, Operation } from "@tenuto/core"
import { Provider } from "@tenuto/http"
import { Emulator } from "@tenuto/testkit"
import { apiKey, asked, carriers, failure, stage, value } from "./stage.ts"

const render = Operation.make({
  service: "ostinato",
  name: "render",
  contract: Contract.make({
    idempotency: { _tag: "Unkeyed" },
    cadence: { _tag: "Interval", every: Duration.seconds(5), floor: Duration.seconds(1) },
  }),
  input: Schema.Struct({ lyrics: Schema.NonEmptyString }),
  output: Schema.Struct({ title: Schema.String }),
  codes: [],
})

const Task = Schema.Struct({
  id: Schema.String,
  status: Schema.String,
  inputRequests: Schema.optionalKey(Schema.Json),
  title: Schema.optionalKey(Schema.String),
})
const read = (body: unknown) => Result.mapError(Schema.decodeUnknownResult(Task)(body), () => "the answer is no task")

const table: Provider.Table<"ostinato"> = {
  service: "ostinato",
  base: "https://api.ostinato.test",
  credential: Provider.bearer,
  endpoints: {
    render: {
      submit: ({ input }) => ({ method: "POST", path: "/tasks", body: input }),
      accepted: (body, request) => Result.map(read(body), ({ id }) => ({ handle: Handle.of(request, { id }) })),
      look: ({ id }) => ({ method: "GET", path: `/tasks/${id}` }),
      observed: (body) =>
        Result.map(read(body), ({ inputRequests, status: word, title }) => {
          if (word === "input_required") return { _tag: "InputRequired", word, question: inputRequests ?? null }
          return title === undefined ? { _tag: "Pending", word } : { _tag: "Succeeded", word, output: { title } }
        }),
      answer: ({ id }, input) => ({ method: "PUT", path: `/tasks/${id}/input`, body: input }),
      answered: () => Result.succeed({ _tag: "Pending", word: "answered" }),
    },
  },
  verdicts: [],
  trouble: () => ({}),
}
const play = stage((settings) => Provider.layer(table, settings))

/** It asks for a name, and calls the song by what it is given. */
const curious = (): Emulator.Handler => {
  const said: Array<string> = []
  return ({ body, method }) =>
    Effect.sync(() => {
      if (method === "PUT") said.push(new TextDecoder().decode(body))
      if (method !== "GET")
        return method === "PUT" ? Emulator.answer(202) : Emulator.json(202, { id: "1", status: "working" })
      const question = { name: { message: "Please enter your name." } }
      const [title] = said
      return Emulator.json(
        200,
        title === undefined
          ? { id: "1", status: "input_required", inputRequests: question }
          : { id: "1", status: "done", title },
      )
    })
}

describe.each(carriers)("a service that asks in the middle, over %s", (carrier) => {
  it("is heard at the first look that shows it, and goes on once it is answered", async () => {
    const told: Array<unknown> = []
    const program = Client.run(render({ lyrics: "Hold the note" }), { within: "5 minutes" }).pipe(
      Effect.catchTag("InputRequired", ({ handle, question }) => {
        told.push(question)
        return Effect.andThen(Client.answer(render, handle, { name: "Mir" }), Client.settle(render, handle))
      }),
    )
    const { exit, seen } = await play(carrier, curious(), program)
    expect(value(exit)).toEqual({ title: '{"name":"Mir"}' })
    expect(told).toEqual([{ name: { message: "Please enter your name." } }])
    expect(asked(seen)).toEqual(["0 POST /tasks", "5 GET /tasks/1", "5 PUT /tasks/1/input", "5 GET /tasks/1"])
    expect(new Set(seen.map(({ headers }) => headers["authorization"]))).toEqual(new Set([`Bearer ${apiKey}`]))
  })

  it("is told apart from work that merely takes long", async () => {
    const { exit, took } = await play(carrier, curious(), Client.run(render({ lyrics: "Hold the note" })))
    expect(failure(exit)).toMatchObject({ _tag: "InputRequired", handle: { id: "1" } })
    expect(took).toBe(5)
  })
})
