/** One event of every kind, with everything in it that an event may hold. */
import * as Artifact from "@tenuto/core/Artifact"
import * as Evidence from "@tenuto/core/Evidence"
import type { Handle } from "@tenuto/core/Handle"
import type * as Lifecycle from "@tenuto/core/Lifecycle"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"

const at = DateTime.makeUnsafe("2026-01-02T03:04:05.678Z")

const handle: Handle = {
  version: 1,
  service: "songs",
  origin: "https://songs.test",
  operation: "create.song",
  id: "op-1",
  also: { run: "r-1" },
}

/** A draft; `number` is kept where a case can find it again. */
export const drafted = (entry: string, number = 0, service = "songs"): Lifecycle.EventOf<"Drafted"> => ({
  _tag: "Drafted",
  at,
  request: {
    entry,
    service,
    origin: "https://songs.test",
    operation: "create.song",
    input: { lyrics: ["la", 'l"a\n'], tempo: 1.5, none: null },
    key: `key-${entry}`,
    reference: String(number),
  },
})

export const numberOf = (event: Lifecycle.Event): number =>
  event._tag === "Drafted" ? Number(event.request.reference) : Number.NaN

const reason = { _tag: "RateLimited", retryAfter: Duration.seconds(7) } as const
const evidence = {
  stage: "submit",
  status: 429,
  code: "slow_down",
  message: { _tag: "EndUser", text: "ein Moment…" },
} as const

export const sending: Lifecycle.Event = { _tag: "Sending", at }
export const accepted: Lifecycle.Event = { _tag: "Accepted", at, handle }
export const stopped: Lifecycle.Event = { _tag: "Stopped", at, reason, evidence }

const observed = (output: Artifact.Tree): Lifecycle.Event => ({
  _tag: "Observed",
  at,
  began: at,
  hold: Duration.seconds(20),
  observation: { _tag: "Succeeded", word: "done", output },
})
export const succeeded = observed({
  title: "Mir",
  files: [new Artifact.Artifact({ name: "files.0", handle, expiresAt: at })],
})

const part = { files: [new Artifact.Artifact({ name: "files.0", handle })], words: 95 }

export const each: ReadonlyArray<Lifecycle.Event> = [
  drafted("each"),
  sending,
  { _tag: "Rejected", at, reason, evidence },
  { _tag: "Uncertain", at, reason: { _tag: "Unreachable", problem: "reset" }, evidence: { stage: "submit" } },
  { _tag: "Accepted", at, handle, observation: { _tag: "Pending", word: "queued", phase: "one", progress: 0.25 } },
  { _tag: "Observed", at, began: at, observation: { _tag: "Unrecognised", word: "scanning" } },
  { _tag: "Observed", at, began: at, observation: { _tag: "InputRequired", word: "asks", question: part } },
  { _tag: "Unseen", at, began: at, hold: Duration.seconds(1), reason, evidence: { ...evidence, stage: "look" } },
  stopped,
  succeeded,
  {
    _tag: "Observed",
    at,
    began: at,
    observation: { _tag: "Failed", word: "bad", reason: { _tag: "PolicyViolation" }, code: "policy", output: part },
  },
  { _tag: "Observed", at, began: at, observation: { _tag: "Cancelled", word: "gone", output: "half" } },
  { _tag: "Observed", at, began: at, observation: { _tag: "Expired", word: "old" } },
  { _tag: "Lost", at, reason: { _tag: "NotFound", what: "operation" }, evidence: { stage: "look", status: 404 } },
]

export const planted = "planted-secret-5f1c"
export const plain = "kept-in-plain"

/** A story whose link and whose message are secrets, and whose output holds one word that is none. */
export const secretive = (entry: string): ReadonlyArray<Lifecycle.Event> => {
  const link = Artifact.link(`https://storage.test/song.wav?signature=${planted}`)
  const song = new Artifact.Artifact({ name: "files.0", handle, link })
  const message = Evidence.secret(planted)
  return [
    drafted(entry),
    sending,
    { _tag: "Uncertain", at, reason: { _tag: "Timeout" }, evidence: { stage: "submit", message } },
    accepted,
    observed({ deep: [{ song }], plain }),
  ]
}

/** No JSON can hold it; what it is called is a secret. */
export const unwritable = (entry: string): Lifecycle.Event => {
  const draft = drafted(entry)
  return { ...draft, request: { ...draft.request, input: { [planted]: Number.NaN } } }
}
