/** The flags and arguments that several commands share, and how their values are read. */
import { readFile } from "node:fs/promises"
import * as Argument from "effect/cli/Argument"
import * as Flag from "effect/cli/Flag"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Handle from "@tenuto/core/Handle"
import { Usage } from "./exit.ts"
import * as Text from "./text.ts"

const span = (name: string) =>
  Flag.String(name).pipe(
    Flag.filterMap(
      (text): Option.Option<Duration.Duration> => Option.fromUndefinedOr(Text.duration(text)),
      () => Text.durationForm,
    ),
    Flag.withMetavar("duration"),
    Flag.optional,
  )

export const service = Argument.String("service").pipe(Argument.withDescription("The service, such as soundpiece"))
export const operation = Argument.String("operation").pipe(
  Argument.withDescription("The operation by the service's own name, such as create.new_song"),
)
export const handle = Argument.String("handle").pipe(
  Argument.withDescription("What submit printed: JSON, @file or - for standard input"),
)
export const input = Flag.String("input").pipe(
  Flag.withMetavar("json|@file|-"),
  Flag.withDescription(
    `The input as JSON with the service's own field names; @file and - read it from elsewhere, {"@file": "path"} inside it is a file`,
  ),
)
export const baseUrl = Flag.String("base-url").pipe(
  Flag.filter(
    (text) => URL.canParse(text) && /^https?:\/\/[^?#]+$/.test(new URL(text).href),
    () => "an http or https URL without query and fragment",
  ),
  Flag.withMetavar("url"),
  Flag.withDescription("Where the service is, when it is not at its own address: a proxy or an emulator"),
  Flag.optional,
)
export const set = Flag.String("set").pipe(
  Flag.withMetavar("name=value"),
  Flag.withDescription(
    "A setting of the service, such as tier=pro; a wrong one is told which there are. May be given several times",
  ),
  Flag.atLeast(0),
)
export const key = Flag.String("key").pipe(
  Flag.filter(
    (text) => text.trim() !== "",
    () => "a key that is not empty",
  ),
  Flag.withMetavar("key"),
  Flag.withDescription("The idempotency key: the same key asks for the same work. One is made when you give none"),
  Flag.optional,
)
export const reference = Flag.String("reference").pipe(
  Flag.filter(
    (text) => text.trim() !== "",
    () => "a reference that is not empty",
  ),
  Flag.withMetavar("name"),
  Flag.withDescription(
    "Your own name for the work, for services that keep one in the place of a key; one is made when you give none",
  ),
  Flag.optional,
)
export const within = span("within").pipe(
  Flag.withDescription("How long to wait, such as 20s or 5m. The work goes on when the wait ends"),
)
export const olderThan = span("older-than").pipe(
  Flag.withDescription("What changed last before this span, such as 12h or 30d"),
)
/** Whose entries of a journal are meant. */
export const owner = {
  service: Flag.String("service").pipe(
    Flag.withMetavar("name"),
    Flag.withDescription("Only what is of this service"),
    Flag.optional,
  ),
  account: Flag.String("account").pipe(
    Flag.withMetavar("name"),
    Flag.withDescription("Only what is of this account, as --json names it"),
    Flag.optional,
  ),
}
/** The same, as a journal is asked for them. */
export const whose = (given: Record<"service" | "account", Option.Option<string>>) => {
  const [service, account] = [Option.getOrUndefined(given.service), Option.getOrUndefined(given.account)]
  return { ...(service === undefined ? {} : { service }), ...(account === undefined ? {} : { account }) }
}
export const work = span("work").pipe(Flag.withDescription("How long the emulated work takes"))
export const hold = span("hold").pipe(Flag.withDescription("How long the emulator holds a long poll open"))
export const linkLife = span("link-life").pipe(Flag.withDescription("How long the emulator's links live"))
export const journal = Flag.String("journal").pipe(
  Flag.withMetavar("file"),
  Flag.withDescription("Keep what happens in this file, so that recover can go on after a crash"),
  Flag.optional,
)
export const account = Flag.String("account").pipe(
  Flag.filter(
    (text) => text.trim() !== "",
    () => "a name that is not empty",
  ),
  Flag.withMetavar("name"),
  Flag.withDescription(
    "Whose work it is in a journal that several accounts share; without it the API key tells. Name it where keys are rotated",
  ),
  Flag.optional,
)
export const adopt = Flag.Boolean("adopt").pipe(
  Flag.withDescription("Take entries that an earlier release wrote, which name no account, as this account's"),
  Flag.withDefault(false),
)
export const kept = Flag.String("journal").pipe(
  Flag.withMetavar("file"),
  Flag.withDescription("The journal that run, submit or settle kept"),
)
export const report = Flag.String("report").pipe(
  Flag.withMetavar("file"),
  Flag.withDescription("Write a page of HTML that shows what happened and when, however the command ends"),
  Flag.optional,
)
export const record = Flag.String("record").pipe(
  Flag.withMetavar("file"),
  Flag.withDescription("Write what was sent and answered into this file, without secrets; emulate --cassette plays it"),
  Flag.optional,
)
export const out = Flag.String("out").pipe(
  Flag.withMetavar("dir"),
  Flag.withDescription("Download every file of the result into this directory"),
  Flag.optional,
)
export const json = Flag.Boolean("json").pipe(
  Flag.withDescription("One line of JSON per event, and a last line with the outcome"),
  Flag.withDefault(false),
)

const readAll = async (): Promise<Uint8Array> => {
  const parts: Array<Uint8Array> = []
  for await (const part of process.stdin) parts.push(part as Uint8Array) // no encoding is set, so these are bytes
  return Buffer.concat(parts)
}

/** Other encodings would lose letters that somebody pays for; a mark of byte order at the beginning is dropped. */
const utf8 = new TextDecoder("utf-8", { fatal: true })

const faults: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a directory",
  ERR_ENCODING_INVALID_ENCODED_DATA: "it is not UTF-8",
}

/** Read a text that is given as it is, as `@file`, or as `-` for standard input. Errors: `Usage`. */
export const source = (name: string, given: string): Effect.Effect<string, Usage> => {
  if (given !== "-" && !given.startsWith("@")) return Effect.succeed(given)
  const path = given.slice(1)
  const read = given === "-" ? readAll : () => readFile(path)
  return Effect.tryPromise({
    try: async () => utf8.decode(await read()),
    catch: (error) => {
      const code = error instanceof Error && "code" in error ? String(error.code) : "it cannot be read"
      const why = faults[code] ?? code
      return new Usage({
        problem: `${name}: ${given === "-" ? "standard input" : path} cannot be read: ${why}`,
        way: "give the JSON itself, @file, or - for standard input",
      })
    },
  })
}

/** Beyond this many characters a fault is not looked for: nobody would count to it. */
const legible = 1_000_000

/** Read JSON for a flag; a fault is named by line and column. Errors: `Usage`. */
export const jsonOf = (name: string, text: string): Effect.Effect<unknown, Usage> =>
  Effect.try({
    try: () => {
      const lost: Array<string> = []
      const value: unknown = JSON.parse(text, (_name, member, { source }: { readonly source?: string } = {}) => {
        const isLost = typeof member === "number" && !Number.isSafeInteger(member) && String(member) !== source
        if (isLost && source !== undefined && /^-?\d+$/.test(source)) lost.push(source)
        return member
      })
      return { lost, value }
    },
    catch: () => {
      const fault = text.length > legible ? undefined : Text.jsonFault(text)
      return new Usage({
        problem: `${name} is not JSON${fault === undefined ? "" : `: ${fault}`}`,
        way: `give it as '{"field": "value"}', or as @file`,
      })
    },
  }).pipe(
    Effect.flatMap(({ lost: [number], value }) =>
      number === undefined
        ? Effect.succeed(value)
        : Effect.fail(
            new Usage({
              problem: `${name} has the number ${number}, which would be sent as another one`,
              way: `write it as text, "${number}", where the service takes text; nothing was sent`,
            }),
          ),
    ),
  )

/** Read a handle. Errors: `Usage`, saying why it is refused. */
export const handleOf = (given: string): Effect.Effect<Handle.Handle, Usage> =>
  Effect.gen(function* () {
    const value = yield* jsonOf("the handle", yield* source("the handle", given))
    return yield* Effect.fromResult(
      Result.mapError(
        Handle.read(value),
        (why) => new Usage({ problem: why, way: "give a handle as submit prints it: JSON, @file or -" }),
      ),
    )
  })
