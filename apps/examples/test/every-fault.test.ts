/**
 * Every fault, at every stage, of every service, met by the real client: in memory and over sockets it is one story, and
 * what the client says of the work is true.
 */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { Fault } from "@tenuto/testkit"
import { type Told, troupe } from "./troupe.ts"

const scenes = troupe.flatMap(({ name, stages }) =>
  Fault.Stage.literals.flatMap((stage) => {
    const play = stages[stage]
    return typeof play === "string" ? [] : [{ name, stage, play }]
  }),
)

const line = ({ end, operations, requests, took }: Told) =>
  `${end}; begun ${operations}, requests ${requests}, ${took} s`

describe("a fault is one story on both carriers, and the client tells the truth of it", () => {
  it.each(scenes)("$name at $stage", async ({ name, stage, play }) => {
    const rows: Array<string> = []
    for (const fault of Fault.all.filter(({ stages }) => stages.includes(stage))) {
      const told: Array<string> = []
      for (const count of ["1", "always"]) {
        const text = `${fault.name}@${stage}:${count}`
        const memory = await play(text, "memory")
        if (fault.carriers === "both") expect(await play(text, "loopback"), text).toEqual(memory)
        // Rejected: it never began. Uncertain: it may have. All else is said of work that there is, once.
        const [truth = ""] = memory.end.split(" ")
        const begun = truth === "Rejected" ? 0 : truth === "Uncertain" ? Number(fault.acts) : 1
        expect(memory.operations, `${text}: ${memory.end}`).toBe(begun)
        if (stage === "cancel") expect(memory.end.includes("Cancelled"), text).toBe(fault.acts)
        told.push(line(memory))
      }
      const [once = "", always = ""] = told
      rows.push(`${fault.name.padEnd(20)} ${once}`, ...(once === always ? [] : [`${"  always".padEnd(20)} ${always}`]))
    }
    await expect(`${rows.join("\n")}\n`).toMatchFileSnapshot(`__snapshots__/every-fault/${name}-${stage}.txt`)
  })

  it("leaves no stage out: each is played by somebody, and who does not play it says why", () => {
    for (const stage of Fault.Stage.literals) expect(scenes.filter((scene) => scene.stage === stage)).not.toEqual([])
    for (const { hooks, name, stages } of troupe) {
      const { stages: own = [], webhook } = Effect.runSync(hooks)
      const there = [...own, ...(webhook === undefined ? [] : ["webhook"])]
      const why = Object.values(stages).filter((play) => typeof play === "string")
      expect(
        Fault.Stage.literals.filter((stage) => typeof stages[stage] !== "string"),
        name,
      ).toEqual(there)
      expect(
        why.every((text) => /^[^\n]{10,60}$/.test(text)),
        name,
      ).toBe(true)
    }
    const played = new Set(scenes.map(({ stage }) => stage))
    expect(Fault.all.filter(({ stages }) => !stages.some((stage) => played.has(stage)))).toEqual([])
  })
})
