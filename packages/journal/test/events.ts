/** Events that a test can find again. */
import type * as Lifecycle from "@tenuto/core/Lifecycle"
import * as DateTime from "effect/DateTime"

const at = DateTime.makeUnsafe("2026-01-02T03:04:05.678Z")

/** A draft that carries a number. */
export const drafted = (entry: string, number = 0): Lifecycle.EventOf<"Drafted"> => ({
  _tag: "Drafted",
  at,
  request: {
    entry,
    service: "songs",
    origin: "https://songs.test",
    operation: "create.song",
    input: { lyrics: ["la", 'l"a\n'], tempo: 1.5, none: null },
    key: `key-${entry}`,
    reference: String(number),
  },
})

export const numberOf = (event: Lifecycle.Event): number =>
  event._tag === "Drafted" ? Number(event.request.reference) : Number.NaN

export const sending: Lifecycle.Event = { _tag: "Sending", at }
