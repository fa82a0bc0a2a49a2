/** Clients with a bug, for explorations to find: each is the real one with one thing changed. */
import { DateTime, Duration, Effect, Layer, Stream } from "effect"
import type * as Artifact from "@tenuto/core/Artifact"
import * as Client from "@tenuto/core/Client"
import * as Journal from "@tenuto/core/Journal"
import * as Remote from "@tenuto/core/Remote"
import type * as Exchange from "@tenuto/http/Exchange"
import { Transport } from "@tenuto/http/Transport"
import * as Soundpiece from "@tenuto/soundpiece"
import * as SoundpieceEmulator from "@tenuto/soundpiece/Emulator"
import * as ClientSuite from "@tenuto/testkit/ClientSuite"
import type { Suite } from "@tenuto/testkit/Explore"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import { common } from "../src/suites.ts"

type Run = NonNullable<ClientSuite.Options<typeof Soundpiece.newSong>["run"]>
type Download = NonNullable<ClientSuite.Options<typeof Soundpiece.newSong>["download"]>

const work = { entry: "e", service: "soundpiece", origin: "https://api.test", operation: "create.new_song" }
const request = { ...work, input: {} }

type Connected = Layer.Layer<Remote.Remote<"soundpiece">, never, Transport>

const connect = (origin: string): Connected => Soundpiece.layer({ apiKey: "spk_test", baseUrl: `${origin}/v1` })

const suite = (name: string, options: Partial<ClientSuite.Options<typeof Soundpiece.newSong>>): Suite =>
  ClientSuite.make({
    name,
    from: import.meta.url,
    kinds: [...common, "wrong-shape@submit", "again@caller", "crash-after-commit@submit"],
    connect,
    service: ({ seed }) => SoundpieceEmulator.make({ work: "23 seconds", seed }),
    draft: Soundpiece.newSong(
      { lyrics: "Hold the note", prompt: "Slow waltz" },
      { key: "550e8400-e29b-41d4-a716-446655440000" },
    ),
    transport: NodeTransport.layer,
    ...options,
  })

/** The driver's own remote, with every deed passed through. */
const changed = (
  change: (deed: Remote.Deed, perform: Remote.Shape["perform"], times: number) => Effect.Effect<Remote.Answer>,
) =>
  suiteConnect((remote) => {
    let times = 0
    return { ...remote, perform: (deed) => Effect.suspend(() => change(deed, remote.perform, times++)) }
  })

const suiteConnect =
  (wrap: (remote: Remote.Shape) => Remote.Shape) =>
  (origin: string): Connected =>
    Layer.effect(
      Remote.of("soundpiece"),
      Effect.map(Effect.service(Remote.of("soundpiece")), (remote) => wrap(remote)),
    ).pipe(Layer.provide(connect(origin)))

const keyOf = (times: number) => `550e8400-e29b-41d4-a716-${String(times).padStart(12, "0")}`

/** A new key for each attempt: what may have started is started once more. */
export const newKey = suite("new-key", {
  connect: changed((deed, perform, times) =>
    perform(deed._tag === "Submit" ? { ...deed, request: { ...deed.request, key: keyOf(times) } } : deed),
  ),
})

/** A submit without an answer is taken for one that was refused. */
export const denying = suite("denying", {
  connect: changed((deed, perform) =>
    Effect.map(perform(deed), (answer) =>
      answer._tag === "Uncertain" ? { ...answer, _tag: "Rejected" as const } : answer,
    ),
  ),
})

/** It does not wait for an answer at all, and sends what it has to send twice. */
export const doubling = suite("doubling", {
  connect: changed((deed, perform) => Effect.andThen(perform(deed), perform(deed))),
})

/** It never hears when the service wants to be asked again, nor do those who share its key. */
export const deaf = suite("deaf", {
  connect: suiteConnect((remote) => ({
    ...remote,
    admit: () => Effect.undefined,
    perform: (deed) =>
      Effect.map(remote.perform(deed), (answer) =>
        "reason" in answer && "retryAfter" in answer.reason
          ? { ...answer, reason: { _tag: answer.reason._tag } as typeof answer.reason }
          : answer,
      ),
  })),
})

/** The driver tells another story than its own. */
const telling =
  (change: (step: Client.Step) => Client.Step): Run =>
  (draft, wait) =>
    Effect.flatMap(Client.Watcher, (watch) =>
      Effect.provideService(Client.run(draft, wait), Client.Watcher, (step) => watch(change(step))),
    )

/** It shows work that is going on as a draft. */
export const lying = suite("lying", {
  run: telling((step) =>
    step.state._tag === "Pending" ? { ...step, state: { _tag: "Drafted", request, sends: 0 } } : step,
  ),
})

/** It plans everything a second too soon. */
export const hasty = suite("hasty", {
  run: telling((step) =>
    step._tag === "Planned" && "at" in step.action
      ? { ...step, action: { ...step.action, at: DateTime.subtract(step.action.at, { seconds: 1 }) } }
      : step,
  ),
})

/** The file is the first output; what fetches it is not ours. */
const fetching = (name: string, download: Download): Suite =>
  suite(name, {
    kinds: ["drop-mid-body@download", "503@look"],
    artifact: ({ outputs: [{ audio }] }) => audio,
    download,
  })

const get = (artifact: Artifact.Artifact, headers: Exchange.Request["headers"]) =>
  Transport.use(({ open }) =>
    open({ method: "GET", url: artifact.link ?? "", headers }, { timeout: Duration.seconds(30) }),
  ).pipe(Effect.filterOrFail(({ status }) => status === 200))

/** It begins anew where a file broke off, and keeps what it had. */
export const joining = fetching("joining", (artifact) => {
  const whole = Stream.unwrap(Effect.map(get(artifact, {}), ({ body }) => body))
  return Stream.catch(whole, () => whole)
})

/** It shows its key to whoever stores the file. */
export const trusting = fetching("trusting", (artifact) =>
  Stream.unwrap(Effect.map(get(artifact, { authorization: "Bearer spk_test" }), ({ body }) => body)),
)

/** It waits, and waits, and waits. */
export const patient = suite("patient", { run: () => Effect.forever(Effect.sleep("1 minute")) })

/** The same, told by a clock that has heard enough sooner. */
export const impatient = suite("impatient", {
  run: () => Effect.forever(Effect.sleep("1 minute")),
  clock: { mostInAll: 50 },
})

/** It comes back ten minutes after it was asked to. */
export const late = suite("late", {
  run: (draft, wait) => Effect.ensuring(Client.run(draft, wait), Effect.sleep("10 minutes")),
})

/** Its journal keeps no acceptance. */
export const forgetful = suite("forgetful", {
  run: (draft, wait) =>
    Effect.flatMap(Journal.Journal, (journal) =>
      Effect.provideService(Client.run(draft, wait), Journal.Journal, {
        ...journal,
        claim: (entry, account) =>
          Effect.map(journal.claim(entry, account), (page) => ({
            ...page,
            append: (events) => page.append(events.filter(({ _tag }) => _tag !== "Accepted" && _tag !== "Observed")),
          })),
      }),
    ),
})

/** It waits for nothing. */
export const waiting = suite("waiting", { run: () => Effect.never })

/** It breaks. */
export const broken = suite("broken", { run: () => Effect.die(new Error("no such note")) })
