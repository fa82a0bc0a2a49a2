/** What every case of a provider stands on: its emulator with faults before it, and the verbs for one draft. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Duration from "effect/Duration"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as Artifact from "@tenuto/core/Artifact"
import * as Client from "@tenuto/core/Client"
import type { Contract } from "@tenuto/core/Contract"
import * as Failure from "@tenuto/core/Failure"
import type { Handle } from "@tenuto/core/Handle"
import type { Unusable } from "@tenuto/core/Journal"
import type { Span } from "@tenuto/core/Misuse"
import type * as Operation from "@tenuto/core/Operation"
import * as Remote from "@tenuto/core/Remote"
import * as Download from "@tenuto/http/Download"
import type { Transport } from "@tenuto/http/Transport"
import * as Fault from "../../Fault.ts"
import type { Handler, Request } from "../../Handler.ts"
import type { Played, Stage } from "../../Rehearsal.ts"
import { meets } from "../steps.ts"
import { demand } from "./demand.ts"

/** A provider, one thing to ask of it, and a service that answers. */
export interface Offer<O extends Operation.Any> {
  /** What is asked. Its key and its reference are the cases' own. It has to be work that goes on for a while. */
  readonly draft: Operation.Draft<O>
  /** Connect to the service at this origin with this key. */
  readonly connect: (origin: string, apiKey: string) => Layer.Layer<Remote.Remote<O["service"]>, never, Transport>
  /** Make the service: work goes on for so long, and ends well, or with a failure of the work. */
  readonly emulate: (wanted: Wanted) => Effect.Effect<Emulated>
  /** Play over a loopback port with this transport; in memory when absent. */
  readonly transport?: Layer.Layer<Transport>
}

/** How the service is wanted. */
export interface Wanted {
  readonly work: Duration.Input
  readonly fails: boolean
}

/** What is needed of an emulator. */
export interface Emulated {
  readonly handler: Handler
  readonly hooks: Fault.Hooks
  /** What was started, once for each piece of work; and how often the host of its files was shown a key. */
  readonly ledger: Effect.Effect<{ readonly operations: ReadonlyArray<unknown>; readonly leaks?: number }>
}

type Needs = Stage
type Trouble = Failure.Submitting | Failure.Settling<string> | Unusable

/** The verbs of the client, for the one draft. */
interface Verbs {
  readonly run: (within?: Span) => Effect.Effect<unknown, Trouble, Needs>
  readonly submit: Effect.Effect<Handle, Trouble, Needs>
  readonly settle: (handle: Handle, within?: Span) => Effect.Effect<unknown, Trouble, Needs>
  readonly recover: Effect.Effect<ReadonlyArray<unknown>, Trouble, Needs>
  /** Fetch every file of an output; gives their sizes. */
  readonly download: (output: unknown) => Effect.Effect<ReadonlyArray<number>, Trouble, Needs>
}

/** One request, as the service saw it. */
interface Seen {
  readonly at: number
  readonly stage: Fault.Stage | undefined
  readonly origin: string
  readonly hasKey: boolean
  /** Everything of it but its time. */
  readonly text: string
}

/** What came of a story. */
export interface Told<A> extends Pick<Played<A, unknown>, "exit" | "timeline" | "journal" | "took"> {
  readonly seen: ReadonlyArray<Seen>
  readonly started: number
  readonly leaks: number
}

/** How a story is set. */
interface Setting extends Partial<Wanted> {
  /** Faults, as `name[=number]@stage[:count]`. */
  readonly faults?: ReadonlyArray<string>
}

/** An offer that can be played, whatever its types. */
export interface Provider {
  readonly contract: Contract
  readonly play: <A, E>(
    setting: Setting,
    story: (verbs: Verbs) => Effect.Effect<A, E, Needs>,
  ) => Effect.Effect<Told<A>, unknown>
}

export const apiKey = "k3y_t0p_s3cret_4f9d2c71e8"
/** What leaves a request without any answer. */
export const lost = ["reset-before-commit", "reset-after-commit", "hang-before-commit", "hang-after-commit"]
/** What can become of a request without anything being said of the work. */
export const troubles: ReadonlyArray<string> = lost.concat(
  ["truncated", "drop-mid-body", "wrong-length", "garbage", "empty-body", "invalid-json", "wrong-shape", "html"],
  ["500", "502", "503", "429=7", "redirect"],
)
/** Longer than any story goes on. */
export const long = "2 hours"
const names = { key: "550e8400-e29b-41d4-a716-446655440000", reference: "order-7" }

/** Put a provider before the cases: its types end here. */
export const providing = <O extends Operation.Any>(offer: Offer<O>): Provider => {
  const { connect, emulate, transport } = offer
  const draft: Operation.Draft<O> = { ...offer.draft, ...names }
  const { operation } = draft
  const key = Remote.of<O["service"]>(operation.service)
  // The remote alone: a story may have a journal or a watcher of its own.
  const verbs = Effect.map(Effect.service(key), (remote): Verbs => {
    const connected = Effect.provideService(key, remote)
    const wait = (within: Span = long) => ({ within })
    return {
      run: (within) => connected(Client.run(draft, wait(within))),
      submit: connected(Client.submit(draft, wait())),
      settle: (handle, within) => connected(Client.settle(operation, handle, wait(within))),
      recover: connected(Client.recover([operation], wait())),
      download: (output) =>
        Effect.forEach(artifactsOf(output), (artifact) =>
          Stream.runFold(
            Download.stream(operation, artifact),
            () => 0,
            (size, chunk) => size + chunk.byteLength,
          ).pipe(connected),
        ),
    }
  })
  return {
    contract: operation.contract,
    play: ({ fails = false, faults = [], work = "50 seconds" }, story) =>
      Effect.gen(function* () {
        // Loaded only now: it brings the server of Node.js.
        const Rehearsal = yield* Effect.promise(() => import("../../Rehearsal.ts"))
        const service = yield* emulate({ work, fails })
        const { stages = Fault.Stage.literals } = service.hooks
        const planned = yield* Effect.forEach(faults, Fault.parse)
        // What a service has no stage for cannot happen to it.
        const possible = planned.filter(({ stage }) => stages.some((known) => known === stage))
        const faulty = yield* Fault.apply(service.handler, possible, service.hooks)
        const requests: Array<Request> = []
        const handler: Handler = (request) => {
          requests.push(request)
          return faulty(request)
        }
        const played = yield* Effect.promise(() =>
          Rehearsal.play({
            connect: (origin) => connect(origin, apiKey),
            handler,
            program: Effect.flatMap(verbs, story),
            ...(transport === undefined ? {} : { transport }),
          }),
        )
        const { leaks = 0, operations } = yield* service.ledger
        const seen = requests.map((request, nth) => seenOf(request, service, played.seen[nth]?.at ?? 0))
        const { exit, journal, timeline, took } = played
        return { exit, journal, timeline, took, seen, leaks, started: operations.length }
      }),
  }
}

const seenOf = (request: Request, { hooks }: Emulated, at: number): Seen => {
  const { body, headers, method, url } = request
  const text = [method, url, JSON.stringify(headers), new TextDecoder().decode(body)].join("\n")
  return { at, stage: hooks.stageOf(request), origin: new URL(url).origin, hasKey: text.includes(apiKey), text }
}

/** Every file of an output. */
export const artifactsOf = (output: unknown): ReadonlyArray<Artifact.Artifact> => {
  if (Artifact.isArtifact(output)) return [output]
  return typeof output === "object" && output !== null ? Object.values(output).flatMap(artifactsOf) : []
}

/** The links of an output, and what they are signed with: nobody may print them. */
export const linksOf = (output: unknown): ReadonlyArray<string> =>
  artifactsOf(output).flatMap(({ link }) => {
    if (link === undefined) return []
    const { href, search } = new URL(Redacted.value(link))
    return search === "" ? [href] : [href, search]
  })

/** An output as JSON, in which files stand without their links. */
export const written = (output: unknown): string => JSON.stringify(output ?? null)

export const at = ({ seen }: Pick<Told<unknown>, "seen">, stage: Fault.Stage) =>
  seen.filter((request) => meets(stage, request.stage))

/** It ended well; gives its value. */
export const value = <A>(what: string, { exit }: Told<A>): Effect.Effect<A, string> =>
  Exit.isSuccess(exit) ? Effect.succeed(exit.value) : Effect.fail(`${what} ended with ${said(exit)}`)

/** It ended with one of the nine truths; gives it. */
export const failure = (what: string, { exit }: Told<unknown>): Effect.Effect<Failure.Failure, string> => {
  const reasons = Exit.isFailure(exit) ? exit.cause.reasons : []
  for (const reason of reasons)
    if (reason._tag === "Fail" && Failure.isFailure(reason.error)) return Effect.succeed(reason.error)
  return Effect.fail(`${what} ended with ${said(exit)}, which is no truth of the work`)
}

const said = (exit: Exit.Exit<unknown, unknown>): string =>
  Exit.isSuccess(exit)
    ? "success"
    : exit.cause.reasons.map((reason) => (reason._tag === "Fail" ? String(reason.error) : reason._tag)).join(", ")

export const once = (what: string, { started }: Told<unknown>) =>
  demand(started === 1, `${what}: the service has ${started} pieces of work`)
