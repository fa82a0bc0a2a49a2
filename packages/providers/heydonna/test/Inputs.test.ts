import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import type * as Operation from "@tenuto/core/Operation"
import * as HeyDonna from "@tenuto/heydonna"
import { audioUrl, created, emulator, failure, lists, play, posts, renderings, title, value } from "./stage.ts"

type Draft = Operation.Draft<typeof HeyDonna.createProject>
const { createProject, listTemplates } = HeyDonna
const untyped = (input: object, operation: { readonly name: string } = createProject): Draft =>
  ({ operation, input }) as never
/** One character each, two UTF-16 units. */
const notes = (count: number) => "🎵".repeat(count)

const everything = {
  title,
  audioUrl,
  jobSheetUrl: "https://bucket.example/sheet.csv?X-Amz-Signature=5ecre7",
  description: "Day one",
  projectType: "legal",
  templateId: "m57legal",
  jurisdiction: "CA",
  additionalDetails: "Two speakers",
  autoProcessEnabled: false,
  jobId: "17",
  metadata: { caseNumber: "A-1", speakers: ["Smith", "Jones"], sealed: true },
} as const

describe("what the service refuses is refused before anything is sent, and the field is named", () => {
  it.each<[string, Draft, string]>([
    ["no title", untyped({ audioUrl }), "title"],
    ["a title that is a number", untyped({ title: 7, audioUrl }), "title"],
    ["no recording", untyped({ title }), "audioUrl"],
    [
      "a recording that is no address",
      createProject({ title, audioUrl: "smith.mp3?X-Amz-Signature=5ecre7" }),
      "audioUrl",
    ],
    ["a job sheet that is no address", createProject({ title, audioUrl, jobSheetUrl: "sheet.csv" }), "jobSheetUrl"],
    [
      "1001 characters of details",
      createProject({ title, audioUrl, additionalDetails: "a".repeat(1001) }),
      "additionalDetails",
    ],
    ["1001 notes as details", createProject({ title, audioUrl, additionalDetails: notes(1001) }), "additionalDetails"],
    ["a type nobody knows", untyped({ title, audioUrl, projectType: "medical" }), "projectType"],
    ["a switch that is text", untyped({ title, audioUrl, autoProcessEnabled: "yes" }), "autoProcessEnabled"],
    ["metadata that is text", untyped({ title, audioUrl, metadata: "A-1" }), "metadata"],
    ["metadata that is no JSON", untyped({ title, audioUrl, metadata: { on: new Date(0) } }), "metadata.on"],
    ["null for what is absent", untyped({ title, audioUrl, jobId: null }), "jobId"],
    ["a field nobody knows", untyped({ title, audioUrl, audioURL: audioUrl }), "audioURL"],
    ["a reference among the input", untyped({ title, audioUrl, externalRef: "order-7" }), "externalRef"],
    ["a parameter for the list", untyped({ page: 2 }, listTemplates), "page"],
  ])("%s", async (_, draft, field) => {
    const service = emulator()
    const { exit, seen } = await play(service.handler, Client.run(draft))
    const error = failure(exit)
    expect(error).toMatchObject({ _tag: "Rejected", evidence: { stage: "draft" }, reason: { _tag: "Invalid" } })
    const { issues } = (
      error as { readonly reason: { readonly issues: ReadonlyArray<{ readonly path: ReadonlyArray<string> }> } }
    ).reason
    expect(issues.map(({ path }) => path.join("."))).toContain(field)
    expect(seen).toEqual([])
    // A link that is refused is not repeated.
    expect(renderings(error)).not.toContain("5ecre7")
  })

  it("every field that is wrong is named at once", async () => {
    const draft = untyped({ audioUrl: "x", additionalDetails: notes(1001), projectType: "medical", color: "red" })
    const { exit } = await play(emulator().handler, Client.run(draft))
    for (const field of ["title", "audioUrl", "additionalDetails", "projectType", "color"]) {
      expect(failure(exit).message).toMatch(new RegExp(`\\b${field}: `))
    }
  })
})

describe("what is just within the limits is sent as it is, and taken", () => {
  it.each<[string, Draft]>([
    ["every field", createProject(everything)],
    ["the two that have to be", createProject({ title, audioUrl })],
    ["1000 characters of details", createProject({ title, audioUrl, additionalDetails: "a".repeat(1000) })],
    // What a character is, the page does not say: the service decides.
    ["1000 notes as details", createProject({ title, audioUrl, additionalDetails: notes(1000) })],
  ])("%s", async (_, draft) => {
    const { exit, seen } = await play(emulator().handler, Client.submit(draft))
    value(exit)
    expect(posts(seen)[0]?.body).toEqual({ ...draft.input, externalRef: expect.any(String) })
  })
})

describe("references", () => {
  it("one of the caller's is sent as externalRef, is in the handle, and is asked for once", async () => {
    const service = emulator()
    const draft = createProject({ title, audioUrl }, { reference: "order-7" })
    const { exit, seen } = await play(service.handler, Effect.all([Client.submit(draft), Client.run(draft)]))
    expect(value(exit)[0]).toMatchObject({ reference: "order-7" })
    expect(posts(seen).map(({ body }) => body)).toEqual([{ title, audioUrl, externalRef: "order-7" }])
    expect(await created(service)).toHaveLength(1)
  })

  it("one reference is one project with one link: another link under it is refused before anything leaves", async () => {
    const program = Effect.gen(function* () {
      yield* Client.submit(createProject({ title, audioUrl }, { reference: "order-7" }))
      return yield* Client.submit(createProject({ title, audioUrl: `${audioUrl}1` }, { reference: "order-7" }))
    })
    const { exit, seen } = await play(emulator().handler, program)
    expect(failure(exit)).toMatchObject({
      _tag: "Rejected",
      reason: { _tag: "Conflict" },
      evidence: { stage: "draft" },
    })
    expect(posts(seen)).toHaveLength(1)
  })

  it("a key stands in for a reference that is not given", async () => {
    const { exit, seen } = await play(
      emulator().handler,
      Client.submit(createProject({ title, audioUrl }, { key: "order-8" })),
    )
    expect(value(exit)).toMatchObject({ reference: "order-8" })
    expect(posts(seen)[0]?.body).toMatchObject({ externalRef: "order-8" })
  })

  it("a list has no reference", async () => {
    const { exit, seen } = await play(emulator().handler, Client.run(listTemplates({}, { reference: "order-7" })))
    value(exit)
    expect(lists(seen)).toMatchObject([{ method: "GET", query: {}, body: "" }])
  })
})

it("the compiler knows what is asked for, and that no code comes back", () => {
  // @ts-expect-error a project needs a recording
  const silent = createProject({ title })
  // @ts-expect-error a list takes nothing
  const paged = listTemplates({ page: 2 })
  // @ts-expect-error no page names a code
  const code: Operation.Code<typeof createProject> = "failed"
  expect([silent.operation.name, paged.operation.name, code]).toEqual(["projects.create", "templates.list", "failed"])
  expect(Object.keys(HeyDonna.operations)).toEqual(["projects.create", "templates.list"])
})
