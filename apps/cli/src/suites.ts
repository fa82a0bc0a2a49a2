/** Each service as a suite for `Explore`: the provider, the real client and the emulator. Nothing is loaded before it is needed. */
import type { Suite } from "@tenuto/testkit/Explore"
import type * as Duration from "effect/Duration"

const key = "550e8400-e29b-41d4-a716-446655440000"
const load = () => Promise.all([import("@tenuto/testkit/ClientSuite"), import("@tenuto/transport-node/NodeTransport")])

/** Trouble with any request, the harmless first. */
const submits = ["503@submit", "429=30@submit", "reset-before-commit@submit", "reset-after-commit@submit"]
const looks = ["503@look", "429=30@look", "reset-after-commit@look", "unknown-status@look"]

/** Eleven ways to go wrong on the way to a song: what a benchmark tells to a depth of four. */
export const common: ReadonlyArray<string> = [
  ...submits,
  "hang-after-commit@submit",
  "truncated@submit",
  ...looks,
  "html@look",
]

/** What happens to the caller, its process and its neighbours. */
const lives = [
  "again@caller",
  "found@caller",
  "changed@caller",
  "recover@caller",
  "elsewhere@caller",
  "tomorrow@caller",
  "crash-before-commit@submit",
  "crash-after-commit@submit",
  "crash-after-commit@look",
  "crash@pause",
  "prompt@pause",
  "limited@pause",
  "cancel@pause",
]
const letters = [
  "lost@webhook",
  "doubled@webhook",
  "late@webhook",
  "forged@webhook",
  "unsigned@webhook",
  "reordered@webhook",
]
const strange = [
  "garbage@submit",
  "wrong-shape@submit",
  "empty-body@submit",
  "401@submit",
  "slow-head@submit",
  "500@submit",
]
const stranger = [
  "wrong-shape@look",
  "truncated@look",
  "hang-before-commit@look",
  "401@look",
  "slow-head@look",
  "invalid-json@look",
  "gone@look",
]

/** Trouble with a file, once the work is done; what a faulty file looks like to nobody is not among it. */
const files = [
  "503@download",
  "429=30@download",
  "expired-link@download",
  "reset-before-commit@download",
  "drop-mid-body@download",
  "truncated@download",
  "hang-mid-body@download",
  "slow-body@download",
  "html@download",
  "gone@download",
  "redirect@download",
  "garbage@download",
]

/** The service no longer knows the work. */
const gone = { status: 410, json: { success: false, error: "gone", message: "no" } }

/** Everything a service of this kind can meet. */
const kinds: ReadonlyArray<string> = [...common, ...lives, ...strange, ...stranger]

/** A file is fetched, and letters are sent, where something can go wrong with them. */
const goesTo = (words: ReadonlyArray<string>, stage: "download" | "webhook") =>
  words.some((word) => word.endsWith(`@${stage}`))

/** Ends when no time-out does: two timers of one instant fire as they were set, which a socket may delay. */
const spare: Duration.Input = "23 seconds"

export const soundpiece = async (
  words: ReadonlyArray<string> = [...kinds, ...files, "failed@work", ...letters],
): Promise<Suite> => {
  const [[ClientSuite, { layer: transport }], Soundpiece, Emulator] = await Promise.all([
    load(),
    import("@tenuto/soundpiece"),
    import("@tenuto/soundpiece/Emulator"),
  ])
  const secret = "whsec_c29uZ3Mgb2YgdGhlIGNob2lyLCB1bnN1bmc="
  const hears = goesTo(words, "webhook")
  const input = { lyrics: "Hold the note", prompt: "Slow waltz" }
  const hook = hears ? { callback_url: "http://hook.test/tenuto-hook" } : {}
  return ClientSuite.make({
    name: "soundpiece",
    from: "tenuto",
    kinds: words,
    connect: (origin) => Soundpiece.layer({ apiKey: "spk_test", baseUrl: `${origin}/v1` }),
    service: ({ draw, seed }) =>
      Emulator.make({
        work: spare,
        seed,
        outcome: () => (draw("work") === "failed" ? { code: "tos_violation", message: "no" } : "ready"),
        ...(hears ? { webhookSecret: secret } : {}),
      }),
    draft: Soundpiece.newSong({ ...input, ...hook }, { key }),
    changed: Soundpiece.newSong({ ...input, prompt: "March", ...hook }, { key }),
    // T-SP-1: there is no such operation.
    answers: { gone: { status: 422, json: { detail: [{ loc: ["query", "id"], type: "value_error", msg: "no" }] } } },
    transport,
    artifact: goesTo(words, "download") ? ({ outputs: [first] }) => first.audio : undefined,
    ...(hears ? { webhook: { webhook: Soundpiece.webhook, secret } } : {}),
  })
}

const overtenOf = async (
  name: string,
  asked: { readonly async?: boolean },
  words: ReadonlyArray<string> = [...kinds, ...files, "failed@work", "cancelled@work", "expired@work", ...letters],
): Promise<Suite> => {
  const [[ClientSuite, { layer: transport }], Overten, Emulator] = await Promise.all([
    load(),
    import("@tenuto/overten"),
    import("@tenuto/overten/Emulator"),
  ])
  const secret = "a secret of the choir"
  const input = { prompt: "A one-page brief on long notes", ...asked, webhook_url: "http://hook.test/tenuto-hook" }
  return ClientSuite.make({
    name,
    from: "tenuto",
    kinds: words,
    connect: (origin) => Overten.layer({ apiKey: "sk_live_test", baseUrl: `${origin}/api/v1`, tier: "enterprise" }),
    service: ({ draw, seed }) =>
      Emulator.make({
        work: spare,
        seed,
        tier: "enterprise",
        webhookSecret: secret,
        outcome: () => {
          const drawn = draw("work")
          if (drawn === "failed") return { code: "generation_failed", message: "no" }
          return drawn === "cancelled" || drawn === "expired" ? drawn : "completed"
        },
      }),
    draft: Overten.wordGenerate(input, { key }),
    changed: Overten.wordGenerate({ ...input, prompt: "A two-page brief" }, { key }),
    answers: { gone },
    transport,
    artifact: goesTo(words, "download") ? ({ document }) => document : undefined,
    webhook: { webhook: Overten.webhook, secret },
  })
}

export const overten = (words?: ReadonlyArray<string>) => overtenOf("overten", { async: true }, words)
/** The same service where the answer to the submit is the end of the work. */
export const overtenAtOnce = (words?: ReadonlyArray<string>) => overtenOf("overten-at-once", {}, words)

export const heydonna = async (
  words: ReadonlyArray<string> = [...kinds, "failed@work", ...letters],
): Promise<Suite> => {
  const [[ClientSuite, { layer: transport }], HeyDonna, Emulator] = await Promise.all([
    load(),
    import("@tenuto/heydonna"),
    import("@tenuto/heydonna/Emulator"),
  ])
  const secret = "a secret of the choir"
  const input = { title: "Smith v. Jones", audioUrl: "https://bucket.test/smith.mp3" }
  return ClientSuite.make({
    name: "heydonna",
    from: "tenuto",
    kinds: words,
    connect: (origin) => HeyDonna.layer({ apiKey: "hd_ext_test", baseUrl: origin }),
    service: ({ draw, hook: url, seed }) =>
      Emulator.make({
        work: spare,
        seed,
        outcome: () => (draw("work") === "failed" ? ["failed"] : ["ready"]),
        webhook: { url, secret },
      }),
    draft: HeyDonna.createProject(input, { reference: "order-7" }),
    changed: HeyDonna.createProject({ ...input, title: "Jones v. Smith" }, { reference: "order-7" }),
    answers: { gone },
    transport,
    webhook: { webhook: HeyDonna.webhook, secret },
  })
}

export const whisul = async (words: ReadonlyArray<string> = [...kinds, ...files, "failed@work"]): Promise<Suite> => {
  const [[ClientSuite, { layer: transport }], Whisul, Emulator] = await Promise.all([
    load(),
    import("@tenuto/whisul"),
    import("@tenuto/whisul/Emulator"),
  ])
  return ClientSuite.make({
    name: "whisul",
    from: "tenuto",
    kinds: words,
    connect: (origin) => Whisul.layer({ apiKey: "wh_test", baseUrl: `${origin}/api` }),
    service: ({ draw, seed }) =>
      Emulator.make({ work: spare, seed, outcome: () => (draw("work") === "failed" ? { error: "no" } : "completed") }),
    draft: Whisul.generate({ prompt: "A waltz" }, { key: "order-7" }),
    changed: Whisul.generate({ prompt: "A march" }, { key: "order-7" }),
    answers: { gone },
    transport,
    artifact: goesTo(words, "download") ? ({ song }) => song : undefined,
  })
}

/** Every service, by the name that a token without a module gives. */
export const all = (): Promise<ReadonlyArray<Suite>> =>
  Promise.all([soundpiece(), overten(), overtenAtOnce(), heydonna(), whisul()])
