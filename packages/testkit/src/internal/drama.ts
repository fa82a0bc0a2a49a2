/** Plays one story: a caller and its client, a service that goes wrong where the steps say so, and a witness. */
import * as Clock from "effect/Clock"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { Artifact } from "@tenuto/core/Artifact"
import * as Client from "@tenuto/core/Client"
import { isRepeatable } from "@tenuto/core/Contract"
import * as Handle from "@tenuto/core/Handle"
import * as Inbox from "@tenuto/core/Inbox"
import * as Journal from "@tenuto/core/Journal"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import type * as Operation from "@tenuto/core/Operation"
import * as Remote from "@tenuto/core/Remote"
import * as Download from "@tenuto/http/Download"
import { Transport } from "@tenuto/http/Transport"
import * as Webhook from "@tenuto/http/Webhook"
import { answer, json } from "../Behaviour.ts"
import type { Options } from "./cast.ts"
import type { Story, Told } from "./story.ts"
import type * as Fault from "../Fault.ts"
import type { Handler } from "../Handler.ts"
import * as Rehearsal from "../Rehearsal.ts"
import * as Report from "../Report.ts"
import * as Timeline from "../Timeline.ts"
import * as Transitions from "../Transitions.ts"
import { drawer } from "./alike.ts"
import { disturbing } from "./disturbing.ts"
import { ended, isOfDraft, tagOf } from "./ending.ts"
import { Witness } from "./observer.ts"
import { Past } from "./past.ts"
import { resourceOf } from "./effects.ts"
import { Saving } from "./saving.ts"
import { meets, refusalOf } from "./steps.ts"
import { faultOf, nameOf, unheard } from "./word.ts"

/** Where a service delivers: the same text on both carriers, and led to the client by the courier's own transport. */
const hook = "http://hook.test/tenuto-hook"
const isHook = (url: string): boolean => url.endsWith("/tenuto-hook")

/** An hour is longer than any wait: whoever hears of it waits no more. */
const crowded = json(429, { detail: "too many requests" }, { "retry-after": "3600" })
const bystander = "00000000-0000-4000-8000-000000000000"

const nothing = () => {}
export const tell = async <O extends Operation.Any>(
  options: Options<O>,
  story: Story,
  signal?: AbortSignal,
): Promise<Told> => {
  if (story.carrier === "loopback" && options.transport === undefined) {
    const says = "no transport carries stories over loopback: give the suite one"
    return { timeline: "", violations: [{ check: "carrier", says }] }
  }
  const unplayed = story.steps.flatMap((word) => unheard(word, options.artifact !== undefined) ?? [])
  if (unplayed.length > 0) return { timeline: "", violations: unplayed.map((says) => ({ check: "kinds", says })) }
  const { changed, draft, run = Client.run, webhook } = options
  const operation = draft.operation
  const { download = (artifact: Artifact) => Download.stream(operation, artifact) } = options
  const asked: Array<string> = []
  const left = drawer(story.steps)
  const draw = (stage: string) => {
    asked.push(stage)
    return left(stage)
  }
  const ask = (stage: string) => {
    const word = draw(stage)
    return word === undefined ? undefined : nameOf(word)
  }
  const witness = new Witness()
  const inbox = Inbox.makeMemory()
  let clock: Clock.Clock | undefined
  let timeline: Timeline.Timeline["Service"] | undefined
  let lives = 0
  let crash: () => void = nothing
  let isCrowded = false
  let isElsewhere = false
  let prompts = 0
  let steps = 0

  const millis = () => clock?.currentTimeMillisUnsafe() ?? 0
  const instant = () => DateTime.makeUnsafe(millis())
  const note = (lane: Timeline.Lane, what: string, detail = "") => timeline?.record(lane, what, detail) ?? Effect.void

  // --- the service ------------------------------------------------------------------------------

  const service = await Effect.runPromise(options.service({ seed: story.seed, hook, draw: ask }))
  const { courier } = service
  const turns: Array<Fault.Turn> = []
  for (let word = courier && draw("webhook"); word !== undefined; word = draw("webhook")) {
    turns.push(
      nameOf(word) === "pass"
        ? { fault: undefined, parameter: undefined, count: 1 }
        : await Effect.runPromise(faultOf(word)),
    )
  }
  if (courier !== undefined) await Effect.runPromise(courier.plan(turns))

  const receiver = webhook === undefined ? undefined : Webhook.receive(webhook.webhook, { secrets: [webhook.secret] })
  const { hooks } = service
  const saving = new Saving(service.handler)
  const past = new Past()
  const isKept = story.steps.includes("backwards@look")
  const dies = Effect.suspend(() => {
    crash()
    return Effect.never
  })

  const disturbed = disturbing({
    service,
    past,
    dies,
    answers: options.answers,
    note: (word) => note("service", word),
  })

  const handler: Handler = (request) =>
    Effect.suspend(() => {
      if (isHook(request.url)) {
        if (receiver === undefined) return Effect.succeed(answer(404))
        return receiver(request).pipe(
          Effect.provideService(Inbox.Inbox, inbox),
          Effect.map(({ status }) => answer(status)),
        )
      }
      if (isCrowded) return Effect.succeed(crowded)
      if (isElsewhere) return service.handler(request)
      const part = hooks.stageOf(request)
      const stage = meets("look", part) ? "look" : part
      const isFile = stage === "download" && options.artifact !== undefined
      if (stage !== "submit" && stage !== "look" && !isFile) return service.handler(request)
      witness.arrives(stage, millis())
      const refusal = refusalOf(past, hooks, request, stage, instant())
      if (refusal !== undefined) return Effect.succeed(refusal)
      const word = draw(stage)
      const met = word === undefined ? service.handler(request) : disturbed(word, request)
      const seen = isFile ? Effect.andThen(saving.see(request), met) : met
      return Effect.map(seen, (behaviour) => {
        if (behaviour._tag === "Answered") {
          if (isKept && stage === "look" && behaviour.response.status === 200) {
            past.keep(resourceOf(hooks, request), behaviour.response)
          }
          witness.refuses(stage, behaviour.response.headers["retry-after"], millis())
        }
        return behaviour
      })
    })

  // --- the client -------------------------------------------------------------------------------

  const journalOf = (inner: Journal.Journal["Service"]): Journal.Journal["Service"] => ({
    ...inner,
    claim: (entry, account) =>
      Effect.map(inner.claim(entry, account), (page) => {
        const life = lives
        witness.claimed(page.history)
        return {
          ...page,
          // What a dead process still wants to write is never written.
          append: (events) =>
            Effect.suspend(() =>
              life === lives ? Effect.map(page.append(events), () => witness.appended(events)) : Effect.void,
            ),
        }
      }),
  })

  /** Other work on the same credential is refused for an hour; what is shared hears of it. */
  const crowd = Effect.suspend(() => {
    isCrowded = true
    const other = { ...draft, key: bystander, reference: bystander }
    return Client.submit(other, { within: "1 minute" }).pipe(
      Effect.provide(Journal.layerMemory, { local: true }),
      Effect.provideService(Client.Watcher, () => Effect.void),
      Effect.exit,
      Effect.map(() => void (isCrowded = false)),
    )
  })

  const whileWaiting = (word: string, state: Lifecycle.State): Effect.Effect<void, never, Client.Needs<O>> => {
    if (word === "crash") return Effect.sync(() => crash())
    if (word === "limited") return crowd
    if (state._tag !== "Pending") return Effect.void
    const { id, service: name } = state.handle
    if (word === "cancel") return Effect.asVoid(Effect.exit(Client.cancel(operation, state.handle)))
    return Effect.asVoid(inbox.put({ service: name, id, name: `prompt ${prompts++}`, at: instant(), body: {} }))
  }

  /** What happens while the client waits happens half-way, unless the wait is over by then. */
  const meanwhile = (word: string, { action, state }: Extract<Client.Step, { readonly _tag: "Planned" }>) => {
    const since = steps
    const rest = "at" in action ? action.at.epochMilliseconds - millis() : 0
    return Effect.sleep(Duration.millis(Math.floor(rest / 2))).pipe(
      Effect.andThen(
        Effect.suspend(() =>
          since === steps ? Effect.andThen(note("client", `${word}@pause`), whileWaiting(word, state)) : Effect.void,
        ),
      ),
    )
  }

  const watching =
    (services: Context.Context<Client.Needs<O>>, scope: Scope.Scope) =>
    (step: Client.Step): Effect.Effect<void> =>
      Effect.suspend(() => {
        steps++
        witness.step(step, instant())
        if (step._tag === "Happened") return note("client", Transitions.label(step.event))
        if (step._tag !== "Planned" || !("at" in step.action)) return Effect.void
        if (step.action.at.epochMilliseconds <= millis()) return Effect.void
        const word = ask("pause")
        if (word === undefined) return Effect.void
        return Effect.asVoid(Effect.forkIn(Effect.provideContext(meanwhile(word, step), services), scope))
      })

  // --- the caller -------------------------------------------------------------------------------

  const wait: Client.Wait = options.within === undefined ? {} : { within: Duration.fromInputUnsafe(options.within) }
  type Verb = Effect.Effect<unknown, unknown, Client.Needs<O> | Transport>
  /** The work is done, and the wait for it over; what is fetched now takes its own time. */
  const save = (output: Operation.Output<O>): Effect.Effect<void, unknown, Client.Needs<O> | Transport> => {
    const artifact = options.artifact?.(output)
    if (artifact === undefined) return Effect.void
    witness.ends(instant())
    witness.isSaving = true
    return saving.take(download(artifact)).pipe(
      Effect.map((wrong) => wrong !== undefined && witness.died("whole", wrong)),
      Effect.andThen(note("client", "saved")),
      Effect.onExit(() => Effect.sync(() => void (witness.isSaving = false))),
    )
  }
  const recover: Verb = Effect.flatMap(Client.recover([operation], wait), ([first]) =>
    first === undefined ? Effect.fail({ _tag: "Unrecovered" }) : Effect.fromResult(first.result),
  )
  const found: Effect.Effect<Verb | undefined> = Effect.map(service.ledger, ({ operations: [first] }) =>
    first === undefined || witness.request === undefined
      ? undefined
      : Client.settle(operation, Handle.of(witness.request, { id: first.id }), wait),
  )
  /** Another process of the caller's, with a journal of its own, asks for the same work and hands its handle over. */
  const elsewhere: Effect.Effect<Verb | undefined, never, Client.Needs<O>> = Effect.suspend(() => {
    isElsewhere = true
    return Client.submit(draft, wait).pipe(
      Effect.provide(Journal.layerMemory, { local: true }),
      Effect.onExit(() => Effect.sync(() => void (isElsewhere = false))),
      Effect.match({ onFailure: () => undefined, onSuccess: (handle) => Client.settle(operation, handle, wait) }),
    )
  })
  const next = (word: string | undefined, isDead: boolean): Effect.Effect<Verb | undefined, never, Client.Needs<O>> => {
    if (word === "again") return Effect.succeed(run(draft, wait))
    if (word === "tomorrow") return Effect.as(Effect.sleep("25 hours"), run(draft, wait))
    if (word === "changed") return Effect.succeed(run(changed ?? draft, wait))
    // Without a key a second process would start a second work, where there is a first.
    if (word === "elsewhere" && isRepeatable(operation.contract)) return elsewhere
    if (word === "elsewhere")
      return Effect.flatMap(found, (known) => (known === undefined ? elsewhere : Effect.succeed(known)))
    if (word === "found") return found
    return Effect.succeed(word === "recover" || isDead ? recover : undefined)
  }

  const program = Effect.gen(function* () {
    clock = yield* Clock.Clock
    timeline = yield* Timeline.Timeline
    const inner = yield* Journal.Journal
    const remote = yield* Effect.service(Remote.of<O["service"]>(operation.service))
    const contract = {
      ...operation.contract,
      ...(remote.cadence === undefined ? {} : { cadence: remote.cadence }),
    }
    const within = Duration.fromInputUnsafe(wait.within ?? contract.limits.wait)
    if (courier !== undefined && receiver !== undefined) {
      const transport = yield* Transport
      const origin = yield* Rehearsal.Origin
      const led = Transport.of({
        ...transport,
        send: (request, limits) => transport.send({ ...request, url: `${origin}/tenuto-hook` }, limits),
      })
      yield* Effect.forkScoped(Effect.provideService(courier.deliveries, Transport, led))
    }
    const services = Context.make(Journal.Journal, journalOf(inner)).pipe(
      Context.add(Remote.of<O["service"]>(operation.service), remote),
    ) as Context.Context<Client.Needs<O>>
    const around = services.pipe(
      Context.add(Client.Watcher, watching(services, yield* Effect.scope)),
      Context.add(Inbox.Inbox, inbox),
    )

    for (let verb: Verb | undefined = run(draft, wait); verb !== undefined;) {
      const life = lives
      const since = instant()
      witness.begins({ contract, since, deadline: DateTime.addDuration(since, within) })
      const fiber: Fiber.Fiber<unknown, unknown> = yield* Effect.forkChild(
        Effect.provideContext(Effect.flatMap(verb, save), around),
      )
      crash = () => {
        lives++
        fiber.interruptUnsafe()
      }
      const exit = yield* Fiber.await(fiber)
      crash = nothing
      const isDead = life !== lives
      if (!isDead) {
        witness.ends(instant())
        const { operations } = yield* service.ledger
        if (Exit.isSuccess(exit)) {
          witness.tells("Success", operations.length)
          break
        }
        const failure = exit.cause.reasons.find((reason) => reason._tag === "Fail")?.error
        if (failure === undefined) {
          witness.died("defect", String(Cause.squash(exit.cause)))
          break
        }
        yield* note("client", "is told", tagOf(failure))
        if (!isOfDraft(failure)) witness.tells(tagOf(failure), operations.length)
      }
      const word = ask("caller")
      verb = yield* Effect.provideContext(next(word, isDead), services)
      if (verb !== undefined) yield* note("client", `${word ?? "recover"}@caller`)
    }
    const [kept] = yield* inner.entries({ entry: witness.request?.entry ?? "" })
    if (witness.request !== undefined) witness.keeps(yield* inner.read(witness.request.entry, kept?.account))
  })

  const played = await Rehearsal.play({
    connect: options.connect,
    handler,
    program,
    ...(signal === undefined ? {} : { signal }),
    clock: { ...options.clock, seed: story.seed },
    ...(story.carrier === "loopback" && options.transport !== undefined ? { transport: options.transport } : {}),
  })
  const { leaks = 0, operations } = await Effect.runPromise(service.ledger)
  witness.begun(operations.length)
  witness.leaked(leaks)
  return {
    get timeline() {
      return played.timeline
    },
    report: (heading) => Report.html(played.entries, heading),
    violations: [...witness.violations, ...ended(played.exit)],
    transitions: [...witness.transitions],
    asked,
  }
}
