/** The examples that the pages show, as the client reads them. */
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import * as HeyDonna from "@tenuto/heydonna"
import { emulator, failure, fixture, on, play, runProject, scripted, value } from "./stage.ts"

const request = fixture("projects.create.request")

describe("the examples of the pages are read", () => {
  const answered = async (stage: "submit" | "look", code: number, name: string) =>
    failure((await play(scripted(emulator(), [on(stage, { status: code, json: fixture(name) })]), runProject)).exit)

  it.each([
    [400, { _tag: "Rejected", reason: { issues: [{ path: ["title"] }] } }],
    [401, { _tag: "Rejected", reason: { _tag: "Unauthenticated" } }],
    [422, { _tag: "Rejected", reason: { _tag: "Invalid" } }],
    [502, { _tag: "Rejected", reason: { _tag: "SourceUnusable", problem: "Unreachable" } }],
  ])("%s", async (code, expected) => {
    const { error } = fixture(`projects.create.${code}`)
    const message = { _tag: "Developer", text: error }
    expect(await answered("submit", code, `projects.create.${code}`)).toMatchObject({
      ...expected,
      evidence: { message },
    })
  })

  it("429", async () => {
    const steps = [on("submit", { status: 429, json: fixture("projects.create.429") })]
    const { seen } = await play(scripted(emulator(), steps), runProject)
    expect(seen.slice(0, 2).map(({ at }) => at)).toEqual([0, 30])
  })

  it("the format of all errors", async () => {
    const error = await answered("submit", 500, "error")
    expect(error).toMatchObject({ _tag: "Uncertain", evidence: { message: { text: "Human-readable error message" } } })
    expect(error.message).not.toContain("additional context")
  })

  it("the answer to a POST", async () => {
    const json = fixture("projects.create.created")
    const draft = HeyDonna.createProject(request, { reference: "ORG-JOB-98765" })
    const { exit, seen } = await play(scripted(emulator(), [on("submit", { status: 200, json })]), Client.submit(draft))
    const { projectId: id, transcriptId } = json
    expect(value(exit)).toMatchObject({ id, also: { transcriptId }, reference: "ORG-JOB-98765" })
    expect(seen[0]?.body).toEqual({ ...request, externalRef: "ORG-JOB-98765" })
  })
})
