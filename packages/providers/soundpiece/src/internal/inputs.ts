/**
 * What each route takes: limits as documented (contract 2.1), names as on the wire, checked before anything is sent.
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
const callbackUrl = Schema.optionalKey(
  Uri.check(
    Schema.makeFilter(
      (url: string) => url.length <= most.callback_url || `must have at most ${most.callback_url} characters`,
    ),
  ),
)
const asCallback = { callbackUrl: "callback_url" } as const
const nVariations = /* @__PURE__ */ pure(() => Schema.optionalKey(Schema.Literals([1, 2, 3])))

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
    callbackUrl,
  })
    .check(isDirected)
    .pipe(Schema.encodeKeys(asCallback)),
)

export const NewInstrumental = /* @__PURE__ */ pure(() =>
  Schema.Struct({
    prompt: Schema.optionalKey(Text(most.prompt)),
    reference: Schema.optionalKey(source),
    callbackUrl,
  })
    .check(isDirected)
    .pipe(Schema.encodeKeys(asCallback)),
)

export const NewSample = /* @__PURE__ */ pure(() =>
  Schema.Struct({
    prompt: Text(most.prompt),
    duration: Length,
    loopable: Schema.optionalKey(Schema.Boolean),
    callbackUrl,
  }).pipe(Schema.encodeKeys(asCallback)),
)

export const NewFx = /* @__PURE__ */ pure(() =>
  Schema.Struct({ prompt: Text(most.prompt), duration: Length, callbackUrl }).pipe(Schema.encodeKeys(asCallback)),
)

export const RemixSong = /* @__PURE__ */ pure(() =>
  Schema.Struct({
    source,
    lyrics: Text(most.lyrics),
    prompt: Text(most.prompt),
    nVariations,
    callbackUrl,
  }).pipe(Schema.encodeKeys({ ...asCallback, nVariations: "n_variations" })),
)

export const RemixInstrumental = /* @__PURE__ */ pure(() =>
  Schema.Struct({ source, nVariations, callbackUrl }).pipe(
    Schema.encodeKeys({ ...asCallback, nVariations: "n_variations" }),
  ),
)

export const SeparateStems = /* @__PURE__ */ pure(() =>
  Schema.Struct({ source, callbackUrl }).pipe(Schema.encodeKeys(asCallback)),
)

export const AutoCutDown = /* @__PURE__ */ pure(() =>
  Schema.Struct({ source, targetDuration: Length, callbackUrl }).pipe(
    Schema.encodeKeys({ ...asCallback, targetDuration: "target_duration" }),
  ),
)
