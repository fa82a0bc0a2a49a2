/**
 * Keeps a page of what a command does: every step of its client and every request of its transport, by the live clock.
 *
 * It only watches. Whether the page can be written is found out before anything is sent; it is written when the command
 * ends, however it ends, unless the command line could not be followed at all.
 */
import { constants } from "node:fs"
import { access, stat } from "node:fs/promises"
import { dirname, resolve } from "node:path"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Client from "@tenuto/core/Client"
import * as Handle from "@tenuto/core/Handle"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import type { Transport } from "@tenuto/http/Transport"
import type { Options } from "@tenuto/testkit/Report"
import type { Entry } from "@tenuto/testkit/Timeline"
import { Unwritten } from "@tenuto/transport-node/AtomicFile"
import { codes, Ended, ended, Usage } from "./exit.ts"
import * as Screen from "./screen.ts"

/** Who writes down what is sent, and what the client makes of it. */
interface Watch {
  readonly carrying: (transport: Layer.Layer<Transport>) => Layer.Layer<Transport>
  readonly watching: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

/** Nobody, unless the command was given `--report`. */
export const Chronicle = Context.Reference<Watch>("@tenuto/cli/Chronicle", {
  defaultValue: () => ({ carrying: (transport) => transport, watching: (effect) => effect }),
})

// --- the file -----------------------------------------------------------------------------------

const denied = new Set(["EACCES", "EPERM", "EROFS"])

const problemOf = async (file: string): Promise<Unwritten["problem"] | undefined> => {
  try {
    // Named with a dot at its end, only a directory is there.
    await access(`${dirname(resolve(file))}/.`, constants.W_OK)
    return (await stat(file).catch(() => undefined))?.isDirectory() === true ? "IsDirectory" : undefined
  } catch (error) {
    return error instanceof Error && "code" in error && denied.has(String(error.code)) ? "Denied" : "NoDirectory"
  }
}

/** Find out whether a page can be written, and leave everything as it is. Errors: `Unwritten`. */
export const check = (file: string): Effect.Effect<void, Unwritten> =>
  Effect.flatMap(
    Effect.promise(() => problemOf(file)),
    (problem) => (problem === undefined ? Effect.void : Effect.fail(new Unwritten({ path: file, problem }))),
  )

/** Write a page. Errors: `Unwritten`. */
export const write = (file: string, entries: ReadonlyArray<Entry>, options: Options): Effect.Effect<void, Unwritten> =>
  Effect.gen(function* () {
    const Report = yield* Effect.promise(() => import("@tenuto/testkit/Report"))
    yield* put(file, Report.html(entries.map(veiled), { ...options, facts: veil(options.facts ?? {}) }))
  })

/** Write a page that is drawn. Errors: `Unwritten`. */
export const put = (file: string, page: string): Effect.Effect<void, Unwritten> =>
  Effect.gen(function* () {
    const AtomicFile = yield* Effect.promise(() => import("@tenuto/transport-node/AtomicFile"))
    yield* AtomicFile.write(file, Stream.succeed(new TextEncoder().encode(page)))
  })

/** End with the number of a file that is not there. */
export const unwritten = ({ message }: Unwritten): Effect.Effect<never, Ended> =>
  Effect.andThen(Screen.tell(`tenuto: ${message}`), Effect.fail(ended("Unwritten")))

/** A service may say anything, an API key too. */
const veil = <Value>(record: Readonly<Record<string, Value>>): Record<string, Value | string> =>
  Object.fromEntries(
    Object.entries(record).map(([name, value]) => [
      Screen.veiled(name),
      typeof value === "string" ? Screen.veiled(value) : value,
    ]),
  )

const veiled = (entry: Entry): Entry => {
  const { about, detail, evidence = {}, what } = entry
  const told = { ...entry, what: Screen.veiled(what), detail: Screen.veiled(detail), evidence: veil(evidence) }
  if (about === undefined) return told
  const { name, says } = about
  return { ...told, about: { ...about, name: Screen.veiled(name), says: Screen.veiled(says) } }
}

// --- the run ------------------------------------------------------------------------------------

const codeOf = (exit: Exit.Exit<unknown, unknown>): number => {
  if (Exit.isSuccess(exit)) return 0
  if (Cause.hasInterruptsOnly(exit.cause)) return codes.Interrupted
  const error = Option.getOrUndefined(Exit.findErrorOption(exit))
  return error instanceof Ended ? error.code : codes.Defect
}

const endingOf = (code: number): string =>
  Object.entries(codes)
    .filter(([, known]) => known === code)
    .map(([outcome]) => outcome.toLowerCase())
    .join(" or ")

const isUsage = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Option.getOrUndefined(Exit.findErrorOption(exit)) instanceof Usage

/** Keep the page of a command where it is asked for. Errors: the command's own; `Ended` when the page is not there. */
export const keep =
  (name: string) =>
  <A, E, R>(
    command: Effect.Effect<A, E, R>,
    { operation = "", report, service = "" }: Given,
  ): Effect.Effect<A, E | Ended, R> =>
    Option.match(report, {
      onNone: () => command,
      onSome: (file) => kept(`tenuto ${name} ${service} ${operation}`.trimEnd(), file, command),
    })

interface Given {
  readonly report: Option.Option<string>
  readonly service?: string
  readonly operation?: string
}

const kept = <A, E, R>(title: string, file: string, command: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    yield* Effect.catch(check(file), unwritten)
    const Timeline = yield* Effect.promise(() => import("@tenuto/testkit/Timeline"))
    const lines = Layer.succeedContext(yield* Layer.build(Timeline.layer()))
    const handles = new Map<string, Handle.Handle>()
    const note = ({ state }: Client.Step) => {
      if (Lifecycle.isAccepted(state)) handles.set(Lifecycle.handleOf(state).id, Lifecycle.handleOf(state))
    }
    const watch: Watch = {
      carrying: (transport) => Timeline.transport(transport).pipe(Layer.provide(lines)),
      watching: (effect) =>
        Effect.flatMap(Client.Watcher, (tell) =>
          Timeline.watching(effect).pipe(
            Effect.provideService(Client.Watcher, (step) =>
              Effect.andThen(
                Effect.sync(() => note(step)),
                tell(step),
              ),
            ),
            Effect.provide(lines),
          ),
        ),
    }
    const conclude = Effect.fnUntraced(function* (exit: Exit.Exit<A, E>) {
      if (isUsage(exit)) return
      const code = codeOf(exit)
      const entries = yield* Effect.provide(Timeline.entries, lines)
      const written = write(file, entries, {
        title,
        // Where the client told its end, that says more.
        ...(code === codes.Interrupted || entries.length === 0 ? { ended: endingOf(code) } : {}),
        facts: {
          "exit code": String(code),
          ...Object.fromEntries(Array.from(handles, ([id, handle]) => [`handle ${id}`, Handle.write(handle)])),
        },
      })
      yield* Exit.isSuccess(exit)
        ? Effect.catch(written, unwritten)
        : Effect.catch(written, ({ message }) => Screen.tell(`tenuto: ${message}`))
    })
    return yield* Effect.onExit(Effect.provideService(command, Chronicle, watch), conclude)
  }).pipe(Effect.scoped)
