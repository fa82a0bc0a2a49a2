/**
 * What each route takes: limits as documented (contract 2.1), under the service's own names, checked before anything is sent.
 *
 * Each is marked as free of effects, so that a page that makes songs ships nothing of stems.
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { Seconds } from "./wire.ts"
import { pure } from "./pure.ts"

/** The most characters of each text, and of an address. */
export const most = { lyrics: 3000, prompt: 1024, callback_url: 2048 } as const

/** The service counts characters, not UTF-16 units. */
const Text = (most: number) =>
  Schema.String.check(
    Schema.makeFilter((text: string) => {
      const { length } = Array.from(text)
      return (length >= 1 && length <= most) || `must have 1 to ${most} characters, it has ${length}`
    }),
  )
const Uri = Schema.String.check(Schema.makeFilter((text: string) => URL.canParse(text) || "must be an absolute URL"))
const Length = /* @__PURE__ */ pure(() =>
  Seconds.check(
    Schema.makeFilter(
      (duration: Duration.Duration) =>
        (Duration.isFinite(duration) && Duration.isGreaterThan(duration, Duration.zero)) ||
        "must be longer than nothing",
    ),
  ),
)

const source = Schema.Struct({ url: Uri })
const callback_url = Schema.optionalKey(
  Uri.check(
    Schema.makeFilter(
      (url: string) => url.length <= most.callback_url || `must have at most ${most.callback_url} characters`,
    ),
  ),
)
const n_variations = /* @__PURE__ */ pure(() => Schema.optionalKey(Schema.Literals([1, 2, 3])))

/** "either `prompt` or `reference`": one of them has to be there; whether both may be, the service says. */
const isDirected = Schema.makeFilter(
  (input: { readonly prompt?: string; readonly reference?: { readonly url: string } }) =>
    input.prompt !== undefined || input.reference !== undefined
      ? undefined
      : { path: ["prompt"], issue: "either a prompt or a reference is needed" },
)

export const NewSong = /* @__PURE__ */ pure(() =>
  Schema.Struct({
    lyrics: Text(most.lyrics),
    prompt: Schema.optionalKey(Text(most.prompt)),
    reference: Schema.optionalKey(source),
    callback_url,
  }).check(isDirected),
)

export const NewInstrumental = /* @__PURE__ */ pure(() =>
  Schema.Struct({
    prompt: Schema.optionalKey(Text(most.prompt)),
    reference: Schema.optionalKey(source),
    callback_url,
  }).check(isDirected),
)

export const NewSample = /* @__PURE__ */ pure(() =>
  Schema.Struct({
    prompt: Text(most.prompt),
    duration: Length,
    loopable: Schema.optionalKey(Schema.Boolean),
    callback_url,
  }),
)

export const NewFx = /* @__PURE__ */ pure(() =>
  Schema.Struct({ prompt: Text(most.prompt), duration: Length, callback_url }),
)

export const RemixSong = /* @__PURE__ */ pure(() =>
  Schema.Struct({
    source,
    lyrics: Text(most.lyrics),
    prompt: Text(most.prompt),
    n_variations,
    callback_url,
  }),
)

export const RemixInstrumental = /* @__PURE__ */ pure(() => Schema.Struct({ source, n_variations, callback_url }))

export const SeparateStems = /* @__PURE__ */ pure(() => Schema.Struct({ source, callback_url }))

export const AutoCutDown = /* @__PURE__ */ pure(() => Schema.Struct({ source, target_duration: Length, callback_url }))
