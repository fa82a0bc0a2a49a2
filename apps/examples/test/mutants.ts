/** Broken providers: each stands before a real one, and makes one mistake that a published package makes. */
import { Duration, Effect, Layer } from "effect"
import { Handle, Journal, Remote } from "@tenuto/core"
import { Contract, Operation } from "@tenuto/core"
import { Exchange, Transport } from "@tenuto/http"
import * as Soundpiece from "@tenuto/soundpiece"
import * as SoundpieceEmulator from "@tenuto/soundpiece/Emulator"
import { Conformance } from "@tenuto/testkit"
import * as Whisul from "@tenuto/whisul"
import * as WhisulEmulator from "@tenuto/whisul/Emulator"

type Carries = Transport.Transport["Service"]

/** A service whose keys are checked. */
const keyed: Conformance.Offer<typeof Soundpiece.newSong> = {
  draft: Soundpiece.newSong({ lyrics: "Hold the note", prompt: "Slow waltz" }),
  connect: (origin, apiKey) => Soundpiece.layer({ apiKey, baseUrl: `${origin}/v1` }),
  emulate: ({ fails, work }) => SoundpieceEmulator.make({ work, ...(fails ? { failing: "tos_violation" } : {}) }),
}
/** A service that takes none. */
const unkeyed: Conformance.Offer<typeof Whisul.generate> = {
  draft: Whisul.generate({ prompt: "a relaxing lo-fi hip hop beat" }),
  connect: (origin, apiKey) => Whisul.layer({ apiKey, baseUrl: `${origin}/api` }),
  emulate: ({ fails, work }) => WhisulEmulator.make({ work, ...(fails ? { failing: "Generation failed." } : {}) }),
}

/** Its transport makes the mistake. */
const carrying = (change: (real: Carries) => Carries["send"]) => carryingAll((real) => ({ send: change(real) }))
const carryingAll = (change: (real: Carries) => Partial<Carries>) =>
  Conformance.providing({
    ...unkeyed,
    connect: (origin, apiKey) =>
      Layer.provideMerge(
        unkeyed.connect(origin, apiKey),
        Layer.effect(
          Transport.Transport,
          Effect.map(Transport.Transport, (real) => ({ ...real, ...change(real) })),
        ),
      ),
  })

type Perform = Remote.Shape["perform"]
const shaped = (change: (real: Remote.Shape, apiKey: string) => Partial<Remote.Shape>) =>
  Conformance.providing({
    ...unkeyed,
    connect: (origin, apiKey) =>
      Layer.effect(
        Remote.of("whisul"),
        Effect.map(Effect.service(Remote.of("whisul")), (real) => ({ ...real, ...change(real, apiKey) })),
      ).pipe(Layer.provide(unkeyed.connect(origin, apiKey))),
  })

/** It reads an answer wrongly. */
const answering = (change: (answer: Remote.Answer, deed: Remote.Deed) => Remote.Answer) =>
  shaped(({ perform }) => ({ perform: (deed) => Effect.map(perform(deed), (answer) => change(answer, deed)) }))

/** Its journal keeps nothing: each claim finds an empty page. */
const forgetful = Layer.succeed(Journal.Journal, {
  accountOf: () => Effect.succeed("a"),
  claim: () => Effect.succeed({ history: [], append: () => Effect.void }),
  read: () => Effect.succeed([]),
  entries: () => Effect.succeed([]),
  prune: () => Effect.succeed(0),
  unsettled: Effect.succeed([]),
})
const forgetting = Conformance.providing({
  ...unkeyed,
  connect: (origin, apiKey) => Layer.merge(unkeyed.connect(origin, apiKey), forgetful),
})

/** The contract promises what the service does not keep. */
const promising = (contract: Partial<Contract.Contract>) => {
  const { codes, input, name, output, service } = Whisul.generate
  const lied = { ...Whisul.contract, ...contract }
  const generate = Operation.make({ service, name, input, output, codes, contract: lied })
  return Conformance.providing({ ...unkeyed, draft: generate({ prompt: "a relaxing lo-fi hip hop beat" }) })
}

const twice =
  (real: Carries): Carries["send"] =>
  (request, limits) =>
    request.method === "POST"
      ? Effect.andThen(real.send(request, limits), real.send(request, limits))
      : real.send(request, limits)

const gone = (answer: Remote.Answer): Remote.Answer =>
  answer._tag === "Unseen"
    ? { _tag: "Observed", observation: { _tag: "Failed", word: "error", reason: answer.reason } }
    : answer

export const mutants: Readonly<
  Record<string, { readonly subject: Conformance.Provider; readonly caughtBy: ReadonlyArray<string> }>
> = {
  "a POST is sent twice, to be sure": {
    subject: carrying(twice),
    caughtBy: [
      "work that ends well gives its output, and is started once",
      "whatever becomes of a submit, its work is started once at most, and Rejected is never said of work that was",
    ],
  },
  "a dropped socket is six POSTs": {
    subject: carrying((real) => (request, limits) => Effect.retry(real.send(request, limits), { times: 5 })),
    caughtBy: [
      "whatever becomes of a submit, its work is started once at most, and Rejected is never said of work that was",
      "a submit that got no answer is sent again only where that cannot start it twice, and is Uncertain elsewhere",
    ],
  },
  "what got no answer was refused": {
    subject: answering((answer) => (answer._tag === "Uncertain" ? { ...answer, _tag: "Rejected" } : answer)),
    caughtBy: [
      "whatever becomes of a submit, its work is started once at most, and Rejected is never said of work that was",
    ],
  },
  "a key is promised that nobody checks": {
    subject: promising({ idempotency: { _tag: "Keyed", field: "key" } }),
    caughtBy: [
      "whatever becomes of a submit, its work is started once at most, and Rejected is never said of work that was",
      "a submit that got no answer is sent again only where that cannot start it twice, and is Uncertain elsewhere",
    ],
  },
  "a key is minted inside the retry": {
    subject: Conformance.providing({
      ...keyed,
      connect: (origin, apiKey) => {
        let count = 0
        const perform =
          (real: Perform): Perform =>
          (deed) => {
            if (deed._tag !== "Submit") return real(deed)
            const key = `550e8400-e29b-41d4-a716-${String(count++).padStart(12, "0")}`
            return real({ ...deed, request: { ...deed.request, key } })
          }
        return Layer.effect(
          Remote.of("soundpiece"),
          Effect.map(Effect.service(Remote.of("soundpiece")), (real) => ({ ...real, perform: perform(real.perform) })),
        ).pipe(Layer.provide(keyed.connect(origin, apiKey)))
      },
    }),
    caughtBy: [
      "a submit that got no answer is sent again only where that cannot start it twice, and is Uncertain elsewhere",
      "what is sent again is the same request under the same key",
    ],
  },
  "nothing is written down": {
    subject: forgetting,
    caughtBy: [
      "asking twice for the same work starts it once, and the second hears what became of it",
      "asked for twice at the same time, it is started once",
      "a process that stops while it waits, or while it sends, is recovered and starts nothing twice",
      "work that is settled stays so: asking again changes nothing",
    ],
  },
  "a handle holds the key": {
    subject: shaped(({ perform }, apiKey) => ({
      perform: (deed) =>
        Effect.map(perform(deed), (answer) =>
          answer._tag === "Accepted" ? { ...answer, handle: { ...answer.handle, also: { apiKey } } } : answer,
        ),
    })),
    caughtBy: ["a handle is JSON without a secret, and enough to find the work again"],
  },
  "half a character becomes a whole one": {
    subject: shaped(({ perform }) => ({
      perform: (deed) =>
        perform(
          deed._tag === "Look"
            ? { ...deed, handle: { ...deed.handle, id: deed.handle.id.replace(/\p{Surrogate}/gu, "\ufffd") } }
            : deed,
        ),
    })),
    caughtBy: ["a name that no address can hold asks for nothing else, and is told as a failure of its own"],
  },
  "where to look is known to its own process only": {
    subject: shaped(({ perform }) => {
      const known = new Map<string, Handle.Handle>()
      return {
        perform: (deed) => {
          if (deed._tag === "Look") {
            const handle = [...known.values()].find((one) => one === deed.handle)
            return perform({ ...deed, handle: handle ?? { ...deed.handle, id: "nobody", locator: "/jobs/nobody" } })
          }
          return Effect.map(perform(deed), (answer) => {
            if (answer._tag === "Accepted") known.set(answer.handle.id, answer.handle)
            return answer
          })
        },
      }
    }),
    caughtBy: ["a handle is JSON without a secret, and enough to find the work again"],
  },
  "work that failed is a look that failed": {
    subject: answering((answer) =>
      answer._tag === "Observed" && answer.observation._tag === "Failed"
        ? { _tag: "Unseen", reason: { _tag: "Invalid", issues: [] }, evidence: { stage: "look" } }
        : answer,
    ),
    caughtBy: ["work that fails is Failed, with a reason, a handle and a code that is a text"],
  },
  "one 503 on a poll fails the work for good": {
    subject: answering(gone),
    caughtBy: ["a look that fails is not work that failed"],
  },
  "a status of tomorrow is a failure": {
    subject: answering((answer) =>
      answer._tag === "Observed" && answer.observation._tag === "Unrecognised"
        ? { _tag: "Observed", observation: { ...answer.observation, _tag: "Failed", reason: { _tag: "Internal" } } }
        : answer,
    ),
    caughtBy: ["a status of tomorrow is neither success nor failure, and is looked at no faster"],
  },
  "looks come as fast as they are answered": {
    subject: shaped(() => ({
      cadence: { _tag: "Interval", every: Duration.millis(500), floor: Duration.millis(500) },
    })),
    caughtBy: ["a status of tomorrow is neither success nor failure, and is looked at no faster"],
  },
  "a strict parser breaks on a new field": {
    subject: carrying(
      (real) => (request, limits) =>
        Effect.map(real.send(request, limits), (answer) =>
          new TextDecoder().decode(answer.body).includes("unheard_of") ? { ...answer, status: 500 } : answer,
        ),
    ),
    caughtBy: ["what nobody asked for in an answer changes nothing"],
  },
  "a request takes a while that chance decides": {
    subject: carrying(
      (real) => (request, limits) =>
        Effect.delay(real.send(request, limits), Duration.millis(Math.floor(Math.random() * 1_000_000) % 900)),
    ),
    caughtBy: ["the same story comes out the same, to the byte"],
  },
  "a Retry-After is thrown away": {
    subject: carrying(
      (real) => (request, limits) =>
        Effect.map(real.send(request, limits), ({ headers, ...answer }) => ({
          ...answer,
          headers: Object.fromEntries(Object.entries(headers).filter(([name]) => name !== "retry-after")),
        })),
    ),
    caughtBy: [
      "nothing is sent sooner than the service asked",
      "a pause that was asked for and outlasts the wait ends it at once",
    ],
  },
  "a deadline is nobody's business": {
    subject: shaped(({ perform }) => ({
      perform: (deed) => perform({ ...deed, within: Duration.hours(1) }),
    })),
    caughtBy: ["the deadline bounds everything, and nothing is sent after it"],
  },
  "a wait that ends cancels the work": {
    subject: shaped(({ perform }) => {
      let isCancelled = false
      return {
        perform: (deed) => {
          // The last look before a deadline is cut short by it.
          isCancelled ||= deed._tag === "Look" && Duration.toSeconds(deed.within) < 10
          return isCancelled
            ? Effect.succeed<Remote.Answer>({ _tag: "Observed", observation: { _tag: "Cancelled", word: "cancelled" } })
            : perform(deed)
        },
      }
    }),
    caughtBy: ["ending the wait leaves the work going on, and its handle settles it later"],
  },
  "an error holds the request with its key": {
    subject: shaped(({ perform }, apiKey) => ({
      perform: (deed) =>
        Effect.map(perform(deed), (answer) => {
          if (answer._tag !== "Rejected" && answer._tag !== "Uncertain" && answer._tag !== "Unseen") return answer
          return {
            ...answer,
            evidence: { ...answer.evidence, message: { _tag: "Developer", text: `authorization: Bearer ${apiKey}` } },
          }
        }),
    })),
    caughtBy: ["no key and no link is in a failure, a timeline or a journal"],
  },
  "a download takes the key along": {
    subject: carryingAll((real) => {
      let last: Exchange.Request["headers"] = {}
      return {
        send: (request, limits) =>
          Effect.suspend(() => real.send({ ...request, headers: (last = request.headers) }, limits)),
        open: (request, limits) => real.open({ ...request, headers: { ...last, ...request.headers } }, limits),
      }
    }),
    caughtBy: ["the key goes to the service alone, whatever an answer says"],
  },
  "a redirect is followed with the key": {
    subject: carrying(
      (real) => (request, limits) =>
        Effect.flatMap(real.send(request, limits), (answer) => {
          const { location } = answer.headers
          if (answer.status !== 302 || location === undefined) return Effect.succeed(answer)
          return real.send({ ...request, url: new URL(location, Exchange.reveal(request.url)).href }, limits)
        }),
    ),
    caughtBy: ["the key goes to the service alone, whatever an answer says"],
  },
}
