/** `tenuto recover`: go on with everything a journal holds open. */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Client from "@tenuto/core/Client"
import type { Handle } from "@tenuto/core/Handle"
import { Journal } from "@tenuto/core/Journal"
import type * as Schema from "effect/Schema"
import * as Chronicle from "../chronicle.ts"
import { wait, waiting } from "../drafting.ts"
import { codes, ended, Ended, gravest, type Outcome, Usage } from "../exit.ts"
import * as Flags from "../flags.ts"
import * as Report from "../report.ts"
import * as Result from "../result.ts"
import * as Screen from "../screen.ts"
import * as Services from "../services.ts"
import * as Session from "../session.ts"
import * as Setting from "../setting.ts"
import { quote } from "../text.ts"
import { downloading } from "../verdict.ts"

const { account, adopt, baseUrl, json, kept, out, report, within, set } = Flags

/** What became of one entry. */
interface Line {
  readonly entry: string
  readonly outcome: Outcome | "Succeeded"
  readonly handle: Handle | null
  readonly output?: Schema.Json
  readonly failure?: Schema.Json
}

const recoverOne = Effect.fnUntraced(function* (
  session: Session.Session,
  given: Session.Settings & {
    readonly within: Parameters<typeof wait>[0]
    readonly out: Option.Option<string>
    readonly json: boolean
  },
) {
  const operations = Object.values(session.api.operations)
  const left = yield* waiting(given.within)
  const recovered = yield* Client.recover(operations, wait(given.within))
  const taken = yield* Effect.forEach(recovered, ({ entry, handle = null, operation, result }) =>
    Effect.gen(function* () {
      if (result._tag === "Failure")
        return { line: { entry, outcome: result.failure._tag, handle }, failure: result.failure }
      const output =
        operation === undefined
          ? null
          : yield* Effect.onError(Result.take({ isJson: given.json }, operation, result.success, given.out, left), () =>
              // The work is settled, so another recovery would not find it: only this says where its files are.
              handle === null ? Effect.void : Screen.tell(`  go on with: ${downloading(given, handle)}`),
            )
      return { line: { entry, outcome: "Succeeded" as const, handle, output }, failure: undefined }
    }).pipe(Effect.catch((failure) => Effect.succeed({ line: { entry, outcome: failure._tag, handle }, failure }))),
  )
  return { taken, others: recovered.others }
})

const lineOf = ({ failure, line }: Effect.Success<ReturnType<typeof recoverOne>>["taken"][number]): Line => {
  if (failure === undefined) return line
  const said =
    failure._tag === "Unwritten" ? { path: failure.path, message: failure.message } : Report.failureJson(failure)
  return { ...line, failure: said }
}

const left = (others: number, unowned: number): string => {
  const foreign = others - unowned
  const many = (count: number, one: string, more: string) =>
    count === 1 ? `1 entry ${one}` : `${count} entries ${more}`
  const lines = [
    ...(foreign === 0
      ? []
      : [`${many(foreign, "of another account is", "of other accounts are")} open and left alone`]),
    ...(unowned === 0
      ? []
      : [`${many(unowned, "names", "name")} no account and are left alone: --adopt takes them as this account's`]),
  ]
  return lines.join("\n")
}

export const recover = Command.make(
  "recover",
  { journal: kept, account, adopt, baseUrl, set, within, out, report, json },
  Effect.fn(
    function* (given) {
      const unsettled = yield* Session.reading(
        given.journal,
        Journal.use(({ unsettled }) => unsettled),
        "ForWriting",
      )
      const names = [...new Set(unsettled.map(({ service }) => service))]
      if (names.length > 1 && Option.isSome(given.baseUrl)) {
        return yield* new Usage({
          problem: `--base-url cannot be right for several services: ${names.join(", ")}`,
          way: "leave it out, or keep one journal per service",
        })
      }
      const services = yield* Effect.forEach(names, Services.find)
      const settings = Object.assign({}, ...services.map((service) => service.settings))
      yield* Setting.parse(names.join(", "), settings, given.set)
      const kept = { ...given, journal: Option.some(given.journal) }
      // All that a command line can be wrong about is told before anything is gone on with.
      const sessions = yield* Effect.forEach(services, (service) =>
        Session.open(service, { ...kept, set: Setting.of(service.settings, given.set) }),
      )
      const report = yield* Report.make(given.json)
      // One deadline bounds them all, so they are waited for at once.
      const recovered = yield* Effect.forEach(
        sessions,
        (session) => Effect.provide(report.watching(recoverOne(session, kept)), session.layer),
        { concurrency: "unbounded" },
      )
      const taken = recovered.flatMap((one) => one.taken)
      const others = recovered.reduce((sum, one) => sum + one.others, 0)
      const unowned = given.adopt ? 0 : unsettled.filter((one) => one.account === undefined).length
      const lines = taken.map(lineOf)
      for (const one of taken) {
        const { entry, outcome } = one.line
        const text = `${entry}  ${outcome}${one.failure === undefined ? "" : `  ${one.failure.message}`}`
        if (!given.json) yield* Screen.out(text)
        else if (one.failure !== undefined) yield* Screen.tell(`tenuto: ${text}`)
      }
      const outcome = gravest(lines.flatMap((line) => (line.outcome === "Succeeded" ? [] : [line.outcome])))
      if (given.json) yield* Screen.json({ outcome: outcome ?? "Succeeded", entries: lines, others })
      else if (lines.length === 0) {
        yield* Screen.tell(`nothing ${others === 0 ? "" : "of this account "}is open in ${given.journal}`)
      }
      if (others > 0) yield* Screen.tell(left(others, unowned))
      if (outcome !== undefined) return yield* ended(outcome)
    },
    (effect, given) =>
      effect.pipe(
        Effect.catchTag("Unusable", (unusable) =>
          Effect.gen(function* () {
            if (given.json)
              yield* Screen.json({ outcome: "Unusable", entries: [], failure: Report.failureJson(unusable) })
            yield* Screen.tell(`tenuto: ${unusable.message}`)
            return yield* new Ended({ code: codes.Unusable })
          }),
        ),
        Effect.onInterrupt(() => {
          const base = Option.match(given.baseUrl, { onNone: () => [], onSome: (url) => ["--base-url", url] })
          const to = Option.match(given.out, { onNone: () => [], onSome: (directory) => ["--out", directory] })
          const own = given.set.flatMap((setting) => ["--set", setting])
          const whose = Option.match(given.account, { onNone: () => [], onSome: (name) => ["--account", name] })
          const adopted = given.adopt ? ["--adopt"] : []
          const words = ["tenuto", "recover", "--journal", given.journal, ...whose, ...adopted, ...base, ...own, ...to]
          const command = words.map(quote).join(" ")
          return Effect.andThen(
            given.json ? Screen.json({ outcome: "Interrupted", entries: [], goOn: command }) : Effect.void,
            Screen.tell(`tenuto: interrupted; what is still running goes on at the service\n  go on with: ${command}`),
          )
        }),
        Effect.scoped,
      ),
    Chronicle.keep("recover"),
  ),
).pipe(
  Command.withDescription("Go on with everything a journal holds open, as if nothing had happened"),
  Command.withExamples([
    { command: "tenuto recover --journal jobs.db", description: "After a crash" },
    { command: "tenuto recover --journal jobs.db --out songs", description: "And save every file" },
  ]),
)
