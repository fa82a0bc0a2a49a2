/**
 * One page of HTML that shows a run: who did what when, how long it paused and why, which faults were played.
 *
 * The page is whole in itself: it loads nothing, runs no script, and opens from a file. Time flows downwards; where nothing
 * happened it is cut short and the time that is left out stands there. Whatever an entry says is text, never markup.
 * It shows what a `Timeline` shows, and no more.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Client from "@tenuto/core/Client"
 * import * as Soundpiece from "@tenuto/soundpiece"
 * import * as SoundpieceEmulator from "@tenuto/soundpiece/Emulator"
 * import * as Rehearsal from "@tenuto/testkit/Rehearsal"
 * import * as Report from "@tenuto/testkit/Report"
 *
 * const { handler } = await Effect.runPromise(SoundpieceEmulator.make({ work: "50 seconds" }))
 * const { entries } = await Rehearsal.play({
 *   connect: (origin) => Soundpiece.layer({ apiKey: "spk_test", baseUrl: `${origin}/v1` }),
 *   handler,
 *   program: Client.run(Soundpiece.newSong({ lyrics: "Hold the note", prompt: "Slow waltz" })),
 * })
 * const page = Report.html(entries, { title: "A slow waltz" }) // write it to a file and open it
 * console.log(page.startsWith("<!doctype html>")) // true
 * ```
 */
import type * as Lifecycle from "@tenuto/core/Lifecycle"
import type * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import type { Entry } from "./internal/entry.ts"
import { tell } from "./internal/history.ts"
import { type IdPattern, idPatterns } from "./internal/naming.ts"
import { page } from "./internal/page.ts"
import type { Heading } from "./internal/story.ts"
import * as Timeline from "./Timeline.ts"

/** What stands above the table. */
export interface Options extends Heading {
  /** Further facts, such as the handle of the work. */
  readonly facts?: Readonly<Record<string, string>>
}

/** Write the page of a timeline. */
export const html = (entries: ReadonlyArray<Entry>, options: Options = {}): string => {
  const last = new Map(entries.flatMap(({ about }) => (about === undefined ? [] : [[about.work, about] as const])))
  const sent = (lane: Timeline.Lane) => entries.filter((one) => one.lane === lane && one.kind === "sends").length
  const has = (lane: Timeline.Lane) => entries.some((one) => one.lane === lane)
  const more = Object.entries(options.facts ?? {})
  const isShort = ([name, value]: readonly [string, string]) => name.length + value.length < 40
  const took = Duration.millis(Math.max(0, ...entries.map(({ at }) => Duration.toMillis(at))))
  const letters = sent("webhooks")
  const states = [...last.values()].map(({ state }) => state)
  const worst = states.find((state) => state !== "Succeeded") ?? states[0]
  return page(entries, {
    title: options.title ?? "A run",
    ended: options.ended ?? endingOf([...last.values()]),
    state: worst,
    facts: [
      ["took", Duration.format(took)],
      ...(has("wire") || has("service") ? [["requests", String(sent("wire") || sent("service"))] as const] : []),
      ...(has("service") ? [["faults", String(entries.filter(({ kind }) => kind === "fault").length)] as const] : []),
      ...(has("client") ? [["operations", String(last.size)] as const] : []),
      ...(letters === 0 ? [] : [["letters", String(letters)] as const]),
      ["entries", String(entries.length)],
      ["hash", Timeline.hash(Timeline.render(entries))],
      ...more.filter(isShort),
    ],
    lines: [
      ...more.filter((fact) => !isShort(fact)),
      ...(options.replay === undefined ? [] : [["play it again", options.replay] as const]),
    ],
  })
}

const endingOf = (ends: ReadonlyArray<Timeline.About>): string | undefined => {
  const [only, ...others] = ends
  if (only === undefined) return undefined
  if (others.length === 0) return [only.state, only.says].filter((part) => part !== "").join(", ")
  const counts = new Map<string, number>()
  for (const { state } of ends) counts.set(state, (counts.get(state) ?? 0) + 1)
  return Array.from(counts, ([state, count]) => `${count} ${state}`).join(", ")
}

/** How a history is read. */
export interface HistoryOptions {
  /** Where the time of the page begins. Default: with the first event. */
  readonly since?: DateTime.Utc
  /** Ids that are renamed; `[]` shows them as they are. Default: `Timeline.idPatterns`. */
  readonly ids?: ReadonlyArray<IdPattern>
}

/**
 * Tell the entries of the client from what a journal kept of one piece of work, after the fact.
 *
 * A journal keeps no look that brought nothing new: where it has none, nobody can say what was waited for.
 */
export const fromHistory = (
  events: ReadonlyArray<Lifecycle.Event>,
  { ids = idPatterns, since }: HistoryOptions = {},
): ReadonlyArray<Entry> => tell(events, ids, since)
