/** Every service's client is judged by every check, under every fault at every stage. */
import { Effect, Exit, Stream, type Layer } from "effect"
import { describe, expect, it } from "vitest"
import * as Artifact from "@tenuto/core/Artifact"
import { Client, type Operation, type Remote } from "@tenuto/core"
import { Download, type Provider, type Transport, Verdict } from "@tenuto/http"
import * as HeyDonna from "@tenuto/heydonna"
import * as HeyDonnaEmulator from "@tenuto/heydonna/Emulator"
import * as Overten from "@tenuto/overten"
import * as OvertenEmulator from "@tenuto/overten/Emulator"
import * as Soundpiece from "@tenuto/soundpiece"
import * as SoundpieceEmulator from "@tenuto/soundpiece/Emulator"
import { Checks, type Emulator, Fault, Rehearsal, type Transcript } from "@tenuto/testkit"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import * as Whisul from "@tenuto/whisul"
import * as WhisulEmulator from "@tenuto/whisul/Emulator"

const apiKey = "key_4f9d2c71e84f9d2c71e8"
const minutes = 30

interface Emulated {
  readonly handler: Emulator.Handler
  readonly hooks: Fault.Hooks
  readonly ledger: Effect.Effect<{ readonly operations: ReadonlyArray<Transcript.Created> }>
}

interface Service {
  readonly name: string
  readonly connect: (origin: string) => Layer.Layer<Remote.Remote<string>, never, Transport.Transport>
  readonly draft: Operation.Draft<Operation.Any>
  readonly make: () => Effect.Effect<Emulated>
  readonly verdicts: Provider.Table<string>["verdicts"]
  readonly isKeyed: boolean
  /** Where its API stands: its files are fetched without the key, from the same origin. */
  readonly base: string
}

/** A remote is looked up by its service's name at run time, so the literal type may be forgotten. */
const layerOf = (layer: unknown) => layer as ReturnType<Service["connect"]>

const services: ReadonlyArray<Service> = [
  {
    name: "soundpiece",
    base: "/v1/",
    connect: (origin) => layerOf(Soundpiece.layer({ apiKey, baseUrl: `${origin}/v1` })),
    draft: Soundpiece.newSong({ lyrics: "Hold the note", prompt: "Slow waltz" }),
    make: () => SoundpieceEmulator.make({ work: "50 seconds" }),
    verdicts: Soundpiece.table.verdicts,
    isKeyed: true,
  },
  {
    name: "overten",
    base: "/api/v1/",
    connect: (origin) => layerOf(Overten.layer({ apiKey, baseUrl: `${origin}/api/v1`, tier: "pro" })),
    draft: Overten.wordGenerate({ prompt: "A letter", async: true }),
    make: () => OvertenEmulator.make({ work: "5 minutes" }),
    verdicts: Overten.table.verdicts,
    isKeyed: true,
  },
  {
    name: "heydonna",
    base: "/api/",
    connect: (origin) => layerOf(HeyDonna.layer({ apiKey, baseUrl: origin })),
    draft: HeyDonna.createProject({ title: "A hearing", audioUrl: "https://bucket.test/a.mp3" }),
    make: () => HeyDonnaEmulator.make({ work: "5 minutes" }),
    verdicts: HeyDonna.table.verdicts,
    isKeyed: false,
  },
  {
    name: "whisul",
    base: "/api/",
    connect: (origin) => layerOf(Whisul.layer({ apiKey, baseUrl: `${origin}/api` })),
    draft: Whisul.generate({ prompt: "Slow waltz" }),
    make: () => WhisulEmulator.make({ work: "3 minutes" }),
    verdicts: Whisul.table.verdicts,
    isKeyed: false,
  },
]

const artifactsOf = (value: unknown): ReadonlyArray<Artifact.Artifact> =>
  value instanceof Artifact.Artifact
    ? [value]
    : typeof value === "object" && value !== null
      ? Object.values(value).flatMap(artifactsOf)
      : []

/** How the client tells its caller: an output, a failure of the work, or that it does not know. */
const claimOf = (exit: Exit.Exit<unknown, unknown>, isSung: boolean): Checks.Claim | undefined => {
  if (Exit.isSuccess(exit) || isSung) return "succeeded"
  return exit.cause.reasons.some(
    (reason) => reason._tag === "Fail" && (reason.error as { readonly _tag: string })._tag === "Failed",
  )
    ? "failed"
    : undefined
}

const play = async (service: Service, faults: ReadonlyArray<string>, isServed = false): Promise<Checks.Run> => {
  const emulated = await Effect.runPromise(service.make())
  const planned = await Effect.runPromise(Effect.forEach(faults, Fault.parse))
  const handler = await Effect.runPromise(Fault.apply(emulated.handler, planned, emulated.hooks))
  const { draft, name } = service
  let isSung = false
  const played = await Rehearsal.play({
    ...emulated,
    connect: service.connect,
    handler,
    service: name,
    program: Effect.gen(function* () {
      const output = yield* Client.run(draft, { within: `${minutes} minutes` })
      isSung = true
      const [file] = artifactsOf(output)
      if (file !== undefined) yield* Stream.runDrain(Download.stream(draft.operation, file, { within: "1 minute" }))
    }),
    ...(isServed ? { transport: NodeTransport.layer } : {}),
  })
  const isInDoubt = ({ answer, end }: Transcript.Exchange) =>
    answer === undefined
      ? end !== undefined && !["Refused", "Unnamed", "Untrusted"].includes(end.did)
      : Verdict.judge(service.verdicts, { stage: "submit", status: answer.status }).truth === "Uncertain"
  const claimed = claimOf(played.exit, isSung)
  return {
    ...played,
    isKeyed: service.isKeyed,
    isHome: ({ path }) => path.startsWith(service.base),
    isInDoubt,
    ...(claimed === undefined ? {} : { claimed }),
    deadline: minutes * 60 + 60,
    secrets: [apiKey],
    thrown: [played.exit],
  }
}

const stages = ["submit", "look", "download"] as const

describe.each(services.map((service) => [service.name, service] as const))("%s", (_, service) => {
  it("breaks no law, whatever goes wrong, once or always", async () => {
    const wrong: Array<unknown> = []
    let requests = 0
    for (const { name, stages: at } of Fault.all) {
      const has = (one: (typeof stages)[number]) => Effect.runSync(service.make()).hooks.stages?.includes(one) === true
      for (const stage of stages.filter((one) => at.includes(one) && has(one))) {
        for (const count of ["1", "always"]) {
          const story = `${name}@${stage}:${count}`
          const run = await play(service, [story])
          requests += run.exchanges.length
          for (const { check, says } of Checks.judge(run)) wrong.push(`${story} ${check}: ${says}`)
        }
      }
    }
    expect(wrong).toEqual([])
    expect(requests).toBeGreaterThan(500)
  })

  it("breaks none over a port either", async () => {
    for (const story of [["reset-after-commit@submit"], ["429=30@look", "503=60@look"], ["truncated@look:3"]]) {
      expect(Checks.judge(await play(service, story, true)), story.join(" ")).toEqual([])
    }
  })
})

it("six at once, on a service that allows three requests in ten seconds, break none", async () => {
  const limit = { requests: 3, window: "10 seconds" } as const
  const soundpiece = await Effect.runPromise(SoundpieceEmulator.make({ work: "50 seconds", limit }))
  const songs = ["La", "Le", "Li", "Lo", "Lu", "Ly"].map((lyrics) => Soundpiece.newSong({ lyrics, prompt: "Waltz" }))
  const played = await Rehearsal.play({
    ...soundpiece,
    connect: (origin) => Soundpiece.layer({ apiKey, baseUrl: `${origin}/v1` }),
    program: Effect.forEach(songs, (song) => Client.run(song), { concurrency: "unbounded" }),
  })
  expect(Checks.judge({ ...played, secrets: [apiKey], thrown: [played.exit] })).toEqual([])
  expect(played.exchanges.filter(({ answer }) => answer?.status === 429).length).toBeGreaterThan(0)
  expect(played.operations).toHaveLength(6)
})
