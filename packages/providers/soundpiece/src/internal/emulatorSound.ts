/** Encodes a quiet tone as FLAC, 44.1 kHz, one channel (S001 "download the audio as FLAC (44.1 kHz)"). */
import * as Effect from "effect/Effect"
import { join } from "@tenuto/http/Exchange"
import * as VirtualClock from "@tenuto/testkit/VirtualClock"

const rate = 44_100
/** Out of 32767: quiet. */
const loudness = 600

type Codec = typeof import("libflacjs/dist/libflac.js")

/** The encoder is fetched from disk when the first file is asked for; until then it costs nothing. */
const load = async (): Promise<Codec> => {
  const { default: codec } = await import("libflacjs/dist/libflac.js")
  if (!codec.isReady()) await new Promise((ready) => codec.on("ready", ready))
  return codec
}

const encode = (codec: Codec, seconds: number, pitch: number): Uint8Array => {
  const length = Math.round(seconds * rate)
  const samples = new Int32Array(length)
  for (let at = 0; at < length; at++) samples[at] = Math.round(loudness * Math.sin((2 * Math.PI * pitch * at) / rate))
  // The length is stated at the start, so that the stream's own header needs no second visit. Level 0 is the fastest.
  const encoder = codec.create_libflac_encoder(rate, 1, 16, 0, length, false)
  const parts: Array<Uint8Array> = []
  codec.init_encoder_stream(encoder, (part) => void parts.push(new Uint8Array(part)))
  codec.FLAC__stream_encoder_process_interleaved(encoder, samples, length)
  codec.FLAC__stream_encoder_finish(encoder)
  codec.FLAC__stream_encoder_delete(encoder)
  return join(parts)
}

/** Encoding takes longer than everything else an emulator does, and a tone is the same for everybody. */
const tones = new Map<string, Promise<Uint8Array>>()

/** A tone of this many seconds. Time stands still while it is encoded. */
export const tone = (seconds: number, pitch: number): Effect.Effect<Uint8Array> =>
  Effect.suspend(() => {
    const name = `${seconds}/${pitch}`
    const known = tones.get(name) ?? load().then((codec) => encode(codec, seconds, pitch))
    tones.set(name, known)
    return VirtualClock.hold(
      Effect.promise(() => known),
      { label: "encoding a tone" },
    )
  })
