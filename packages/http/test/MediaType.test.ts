/** What is no file, whatever its status says. */
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Storage from "./storage.ts"

const flac = "audio/flac"
const docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
const bytes = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0))
const song = bytes("fLaC\u0000\u0000la la la")

const play = (mediaType: string | undefined, type: string | undefined, body: Uint8Array) =>
  Storage.play({
    answers: [() => ({ status: 200, headers: type === undefined ? {} : { "content-type": type }, body })],
    artifact: mediaType === undefined ? {} : { mediaType },
  })
const end = (...[mediaType, type, body]: Parameters<typeof play>) =>
  Effect.map(play(mediaType, type, body), ({ exit }) =>
    Exit.isSuccess(exit) ? "saved" : (/problem: ["'](.*?)["']/.exec(inspect(exit, { depth: 8 }))?.[1] ?? inspect(exit)),
  )

describe("an answer whose type contradicts the artifact's", () => {
  it.effect("is no file: an error in JSON, XML or text, a page, a picture in place of a song", () =>
    Effect.gen(function* () {
      const contradictions: ReadonlyArray<readonly [string, string]> = [
        [flac, "application/json; charset=utf-8"],
        [flac, "application/problem+json"],
        [flac, "Application/XML"],
        [flac, "text/plain"],
        [flac, "text/html"],
        [flac, "image/png"],
        [flac, "application/pdf"],
        [flac, "multipart/mixed; boundary=a"],
        [docx, "text/xml"],
        [docx, "audio/mpeg"],
        ["text/csv", "application/json"],
        ["text/html", "application/json"],
        ["application/json", "text/html"],
        ["application/octet-stream", "text/html"],
      ]
      for (const [mediaType, type] of contradictions) {
        assert.match(yield* end(mediaType, type, song), / came instead of /, `${type} for ${mediaType}`)
      }
    }),
  )

  it.effect("and a type that says no more, or the same in other words, contradicts nothing", () =>
    Effect.gen(function* () {
      const accepted: ReadonlyArray<readonly [string | undefined, string | undefined]> = [
        [flac, undefined],
        [flac, "application/octet-stream"],
        [flac, "binary/octet-stream"],
        [flac, "AUDIO/FLAC; codecs=flac"],
        [flac, "audio/x-flac"],
        [flac, "application/ogg"],
        ["audio/mp4", "video/mp4"],
        [docx, "application/zip"],
        ["application/json", "text/plain"],
        ["text/html", "application/xhtml+xml"],
        ["image/svg+xml", "text/xml"],
        ["application/x-ndjson", "application/json"],
        ["application/octet-stream", "text/csv"],
        [undefined, "text/html"],
      ]
      for (const [mediaType, type] of accepted) {
        assert.strictEqual(yield* end(mediaType, type, song), "saved", `${type} for ${mediaType}`)
      }
    }),
  )

  it.effect("is tried again by a fresh link once, for the old one may have died", () =>
    Effect.gen(function* () {
      const dead = () => ({ status: 200, headers: { "content-type": "application/json" }, body: bytes("{}") })
      const played = yield* Storage.play({ answers: [dead, Storage.store()], artifact: { mediaType: flac } })
      assert.deepStrictEqual(played.exit, Exit.succeed(Storage.file))
      assert.lengthOf(played.looks, 1)
    }),
  )
})

describe("text under the type of a file that begins otherwise", () => {
  it.effect("is no file, and one that begins as it must is", () =>
    Effect.gen(function* () {
      const beginnings = {
        [flac]: "fLaC la la",
        "audio/mpeg": "ID3la",
        "audio/wav": "RIFF    WAVE",
        "audio/mp4": "    ftypM4A ",
        "image/webp": "RIFF    WEBP",
        "image/gif": "GIF89a",
        "application/pdf": "%PDF-1.7",
        "application/zip": "PK la",
        [docx]: "PK la",
      }
      for (const [mediaType, beginning] of Object.entries(beginnings)) {
        for (const type of [mediaType, undefined, "application/octet-stream"]) {
          assert.strictEqual(yield* end(mediaType, type, bytes(beginning)), "saved", mediaType)
          for (const text of ['{"error":"expired"}', "<Error/>", "err_code=1", "f", "\u00e9\u0094\u0099"]) {
            const isStart = beginning.startsWith(text) || mediaType === "audio/mp4"
            // A host that names the type is believed, unless what it sends begins as an error does.
            const isBelieved = (beginning.startsWith("PK") || type === mediaType) && !/^[{<]/.test(text)
            if (!isStart && !isBelieved)
              assert.match(yield* end(mediaType, type, bytes(text)), /text came instead/, `${text} ${mediaType}`)
          }
        }
      }
    }),
  )

  it.effect("bytes that no row knows are believed, and so is text where no row is due", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* end(flac, flac, bytes("\u0000\u0001la")), "saved")
      assert.strictEqual(yield* end("audio/mpeg", "audio/mpeg", bytes("\u00ff\u00fbla")), "saved")
      assert.strictEqual(yield* end("audio/x-la", undefined, bytes("la")), "saved")
      assert.strictEqual(yield* end(undefined, undefined, bytes("la")), "saved")
      // A ZIP may begin with anything, such as the program that unpacks it.
      assert.strictEqual(yield* end("application/zip", undefined, bytes("#!/bin/sh")), "saved")
    }),
  )
})
