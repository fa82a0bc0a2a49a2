import { describe, expect, it } from "@effect/vitest"
import { inspect } from "node:util"
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Artifact from "@tenuto/core/Artifact"
import * as Client from "@tenuto/core/Client"
import * as Evidence from "@tenuto/core/Evidence"
import type * as Remote from "@tenuto/core/Remote"
import { accepted, after, handle, input, journal, refused, remote, type Shelf, sing, unseen } from "./choir.ts"

const planted = "s3cr3t-signature"
const url = `https://storage.test/song.mp3?X-Signature=${planted}`
const message = Evidence.secret(`do not show ${planted}`)

/** Every way a value reaches a screen, a log or a file. */
const renderings = (value: unknown): string => {
  const error = value instanceof Error ? [value.message, value.stack, value.toString()] : []
  return [
    ...error,
    String(value),
    JSON.stringify(value),
    inspect(value, { depth: 20, showHidden: true }),
    inspect(value, { depth: 20, customInspect: false }),
    Cause.pretty(Cause.fail(value)),
  ].join("\n")
}

/** One run; all that was logged, watched and kept. */
const told = Effect.fnUntraced(function* (...answers: ReadonlyArray<Remote.Answer>) {
  const shelf: Shelf = new Map()
  const lines: Array<string> = []
  const write = (line: string) => void lines.push(line)
  const formats = [Logger.formatSimple, Logger.formatLogFmt, Logger.formatJson]
  const logger = Logger.layer(formats.map((format) => Logger.map(format, write)))
  const watcher = Layer.succeed(Client.Watcher, (step) =>
    Effect.andThen(
      Effect.sync(() => lines.push(renderings(step))),
      Effect.logInfo("step", step),
    ),
  )
  const service = remote(...answers)
  const program = Client.run(sing(input), { within: "1 minute" }).pipe(
    Effect.tapError((failure) => Effect.logError("ended", failure)),
    Effect.provide([service.layer, journal(shelf), watcher, logger]),
  )
  const end = yield* after(program)
  const kept = [...shelf.values()].flat().join("\n")
  return { end, kept, lines: lines.join("\n") }
})

describe("laws", () => {
  it.effect("a link reaches the caller and nothing else: no rendering, no log, no journal", () =>
    Effect.gen(function* () {
      const file = new Artifact.Artifact({ name: "file", handle, link: Artifact.link(url) })
      const { end, kept, lines } = yield* told(accepted, {
        _tag: "Observed",
        observation: { _tag: "Succeeded", word: "sung", output: { verse: "la", file } },
      })
      const output = end !== undefined && Exit.isSuccess(end.exit) ? end.exit.value : undefined
      expect(output?.file?.link === undefined ? undefined : Redacted.value(output.file.link)).toBe(url)
      expect(kept).toContain('"name":"file"')
      expect(lines).toContain("Succeeded")
      for (const text of [kept, lines, renderings(output), renderings(output?.file)])
        expect(text).not.toContain(planted)
    }),
  )

  it.effect("the secret text of a service is in no rendering of a failure, no log and no journal", () =>
    Effect.gen(function* () {
      const failed: Remote.Answer = {
        _tag: "Observed",
        observation: { _tag: "Failed", word: "failed", reason: { _tag: "Internal" }, message },
      }
      const stories: ReadonlyArray<ReadonlyArray<Remote.Answer>> = [
        [{ _tag: "Rejected", reason: { _tag: "Forbidden" }, evidence: { stage: "submit", message } }],
        [{ _tag: "Uncertain", reason: { _tag: "Timeout" }, evidence: { stage: "submit", message } }],
        [accepted, { _tag: "Unseen", reason: { _tag: "Forbidden" }, evidence: { stage: "look", message } }],
        [accepted, { _tag: "Lost", reason: { _tag: "Gone" }, evidence: { stage: "look", message } }],
        [accepted, failed],
      ]
      for (const answers of stories) {
        const { end, kept, lines } = yield* told(...answers)
        const failure = end === undefined ? undefined : Option.getOrUndefined(Exit.findErrorOption(end.exit))
        expect(failure).toBeInstanceOf(Error)
        for (const text of [kept, lines, renderings(failure)]) expect(text).not.toContain(planted)
      }
    }),
  )

  it.effect("what was wrong with an input is said without the input", () =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(
        Client.run(sing({ song: planted + planted })).pipe(
          Effect.provide([remote(accepted).layer, journal(new Map())]),
        ),
      )
      expect(renderings(failure)).not.toContain(planted)
    }),
  )

  it("a message for the user or the developer is said, with what to do", () => {
    const failure = Effect.runSync(
      Effect.flip(
        Client.run(sing(input, { key: "k" }), { within: "10 seconds" }).pipe(
          Effect.provide([
            remote({
              ...refused({ _tag: "Unpaid" }),
              evidence: { stage: "submit", status: 402, code: "no_credit", message: Evidence.developer("top up") },
            } as Remote.Answer).layer,
            journal(new Map()),
          ]),
        ),
      ),
    )
    expect(failure.message).toBe(
      'choir sing never started: the account lacks the credit for it (at submit, status 402, code no_credit, "top up")',
    )
    expect(unseen({ _tag: "Timeout" })._tag).toBe("Unseen")
  })
})

describe("an artifact", () => {
  it("is fresh while it has a link that does not die within the skew", () => {
    const expiresAt = DateTime.makeUnsafe("2026-01-01T01:00:00Z")
    const file = new Artifact.Artifact({ name: "file", handle, link: Artifact.link(url), expiresAt })
    const at = (minutes: number) => DateTime.add(expiresAt, { minutes })
    expect(Artifact.isFresh(file, at(-10), DateTime.distance(at(0), at(5)))).toBe(true)
    expect(Artifact.isFresh(file, at(-5), DateTime.distance(at(0), at(5)))).toBe(false)
    expect(
      Artifact.isFresh(new Artifact.Artifact({ name: "file", handle }), at(-10), DateTime.distance(at(0), at(0))),
    ).toBe(false)
  })

  it("is found by its name, however deep it stands", () => {
    const file = new Artifact.Artifact({ name: "outputs.1", handle })
    expect(Artifact.find({ verse: "la", outputs: [{ text: null }, [file]] }, "outputs.1")).toBe(file)
    expect(Artifact.find({ verse: "la", outputs: [file] }, "outputs.0")).toBeUndefined()
  })
})
