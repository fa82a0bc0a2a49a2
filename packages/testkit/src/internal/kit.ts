/** Opens a kit: a service, its carrier and its clock, behind promises. */
import { Transport } from "@tenuto/http/Transport"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import type { Answering, Kit, LedgerOf, Options, Service, Span, World } from "../Kit.ts"
import * as Checks from "../Checks.ts"
import * as Coverage from "../Coverage.ts"
import * as Report from "../Report.ts"
import * as Timeline from "../Timeline.ts"
import * as VirtualClock from "../VirtualClock.ts"
import { guarded, handlerOf } from "./answering.ts"
import { during, holdUntil, within } from "./clock.ts"
import { covering } from "./covering.ts"
import { examine } from "./doctor.ts"
import { dispatcherOn } from "./dispatching.ts"
import { fetchOn } from "./fetching.ts"
import { coverName } from "./hostNames.ts"
import { allow } from "./insist.ts"
import { silent } from "./judged.ts"
import { operationsOf } from "./ledger.ts"
import * as Life from "./life.ts"
import { Relayed } from "./trip.ts"
import { checks as wantedChecks, misfit, span, Unfit, unfitOf } from "./unfit.ts"
import { build, type Subject } from "./world.ts"

/** As in memory: it takes what it is sent, and a test that forgets to close it ends all the same. */
const served = { keepsAlive: false, maxBytes: BigInt(Number.MAX_SAFE_INTEGER) }

/** Nothing can be played any more. */
class Closed extends Schema.TaggedError<Closed>()("Closed", { wasRunning: Schema.Boolean }) {
  override get message() {
    return this.wasRunning
      ? "the kit was closed while its client ran: await kit.run(…) before kit.close()"
      : "the kit is closed: make another one"
  }
}

/** The outer run waits for its client, and so for the inner one, which waits for the globals of the outer. */
class Nested extends Schema.TaggedError<Nested>()("Nested", {}) {
  override get message() {
    return "a run cannot begin within another run: let that end first, or play both clients in one run"
  }
}

const made = <S extends Service>(service: S, broke: (thrown: unknown) => void): Effect.Effect<Subject<LedgerOf<S>>> => {
  if (typeof service === "function") {
    return Effect.succeed({ handler: handlerOf(service, broke), ledger: Effect.succeed(undefined as LedgerOf<S>) })
  }
  if ("fetch" in service) {
    const { fetch, ledger } = service
    const answering: Answering = (request) => fetch.call(service, request)
    return Effect.succeed({
      handler: handlerOf(answering, broke),
      ledger: Effect.sync(() => ledger?.call(service) as LedgerOf<S>),
    })
  }
  // The public type only hides that it is an effect.
  const making = service as unknown as Effect.Effect<Omit<Subject<never>, "ledger"> & Partial<Subject<LedgerOf<S>>>>
  return Effect.map(making, (subject) => ({
    ledger: Effect.succeed(undefined as LedgerOf<S>),
    ...subject,
    handler: guarded(subject.handler, broke),
  }))
}

/** Requests of the global `fetch` to this origin stay in the process; whatever a client makes of it is undone. */
const route = (origin: string, own: typeof globalThis.fetch | undefined): (() => void) => {
  const { fetch } = globalThis
  globalThis.fetch = (input, init) => {
    if (Life.isLeftOver()) return new Promise(() => {})
    const text = input instanceof Request ? input.url : String(input)
    const isOurs = own !== undefined && URL.canParse(text) && new URL(text).origin === origin
    return isOurs ? own(input, init) : fetch(input, init)
  }
  return () => {
    globalThis.fetch = fetch
  }
}

/** Reject with the error itself, not with what wraps it. */
const run = <A, E>(effect: Effect.Effect<A, E>): Promise<A> =>
  Effect.runPromiseExit(effect).then((exit) =>
    Exit.isSuccess(exit) ? exit.value : Promise.reject(Cause.squash(exit.cause)),
  )

/** What a suite knows of its kit, beside what everybody does. */
interface Watched {
  readonly asked?: (stage: string | undefined) => void
  /** Told what the service throws, or its receiver. */
  readonly broke?: (thrown: unknown) => void
}

const undelivered =
  "nothing that this service takes: it delivers nothing; one of your own sends its letters by the global fetch, to whatever address it was given"
const nowhere = "nothing that a kit over loopback takes: its service listens on a port, and run is given the url"

/** What a client may lack that has asked for nothing. */
const wayTo = (carrier: "memory" | "loopback", thrown: unknown): string => {
  const end = thrown instanceof Error ? `; it ended with ${thrown.name}: ${thrown.message}` : ""
  const port = '; what is not built on fetch or undici, such as axios, got or node:http, needs carrier: "loopback"'
  return `give the client the url that it is called with${carrier === "memory" ? port : ""}${end}`
}

export const open = async <S extends Service>(
  options: Options<S>,
  watched: Watched = {},
): Promise<Kit<LedgerOf<S>>> => {
  const unfit = unfitOf("a kit", options)
  if (unfit !== undefined) return Promise.reject(unfit)
  const { carrier = "memory", faults = [], globals = true, origin = "http://service.test", receiver } = options
  if (carrier === "loopback" && options.origin !== undefined) {
    return Promise.reject(new Unfit("origin", nowhere))
  }
  const { mostAtOnce, mostInAll, seed = 0, stuckAfter } = options
  const scope = Scope.makeUnsafe()
  const broken: Array<unknown> = []
  const broke = (thrown: unknown) => {
    broken.push(thrown)
    watched.broke?.(thrown)
  }
  /** What the service itself threw is the test's own mistake: it comes before whatever a client made of it. */
  const whole = async <A>(playing: Promise<A>): Promise<A> => {
    await Promise.allSettled([playing])
    return broken.length === 0 ? playing : Promise.reject(broken.splice(0)[0])
  }
  const service = made(options.service, broke).pipe(
    Effect.tap(({ courier }) =>
      receiver === undefined || courier !== undefined ? Effect.void : Effect.fail(new Unfit("receiver", undelivered)),
    ),
  )
  const world = await run(
    build(service, {
      clock: VirtualClock.layer({
        seed,
        moves: "told",
        ...(stuckAfter === undefined ? {} : { stuckAfter }),
        ...(mostAtOnce === undefined ? {} : { mostAtOnce }),
        ...(mostInAll === undefined ? {} : { mostInAll }),
      }),
      at: carrier === "memory" ? new URL(origin).origin : served,
      faults,
      receiver,
      broke,
      ...(watched.asked === undefined ? {} : { asked: watched.asked }),
    }).pipe(
      Scope.provide(scope),
      Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause))),
    ),
  )
  const { engine, url } = world
  const closed = Deferred.makeUnsafe<never, Closed>()
  const transport = Context.get(world.context, Transport)
  /** Whoever kept a `fetch` or a dispatcher is told that nobody is there any more. */
  const context = Context.add(world.context, Transport, {
    ...transport,
    open: (request, limits) =>
      Effect.suspend(() =>
        Deferred.isDoneUnsafe(closed) ? Effect.die(new Closed({ wasRunning: false })) : transport.open(request, limits),
      ),
  })
  const living =
    (fetch: typeof globalThis.fetch): typeof globalThis.fetch =>
    (input, init) =>
      Deferred.isDoneUnsafe(closed) ? Promise.reject(new Closed({ wasRunning: false })) : fetch(input, init)
  const own = living(fetchOn(context))
  const relayed = living(fetchOn(Context.add(context, Relayed, true)))
  const dispatcher = dispatcherOn(context)
  const fetch = carrier === "memory" ? own : (((input, init) => globalThis.fetch(input, init)) satisfies typeof own)

  const close = () =>
    Effect.gen(function* () {
      const isFirst = yield* Deferred.fail(closed, new Closed({ wasRunning: true }))
      if (isFirst && options.name !== undefined) yield* Coverage.note(Coverage.of(options.name, world.transcript))
    }).pipe(Effect.ensuring(Scope.close(scope, Exit.void)), run)

  /** Nothing is done with a kit that is closed. */
  const opened = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E | Closed> =>
    Effect.flatMap(Deferred.isDone(closed), (isDone): Effect.Effect<A, E | Closed> =>
      isDone ? Effect.fail(new Closed({ wasRunning: false })) : effect,
    )

  let isPlaying = false
  /** The process's time, chance and `fetch` are the kit's. */
  const covered = Effect.gen(function* () {
    if (!globals) return
    if (engine !== undefined) yield* covering(engine)
    yield* during(() => route(new URL(url).origin, carrier === "memory" ? own : undefined))
    if (carrier === "memory") yield* during(() => coverName(url))
  })

  const play = <A>(client: (world: World) => A | Promise<A>): Promise<A> => {
    const outer = Life.current()
    const playing = Effect.gen(function* () {
      if (typeof client !== "function") return yield* Effect.fail(misfit("the client of run", "a kit", "a function"))
      if (globals && outer?.isOver === false) return yield* new Nested()
      const life: Life.Life = { isOver: false, isGivenUp: false }
      yield* during(() => () => void (life.isOver = true))
      yield* covered
      // What was thrown before is nobody's here.
      broken.length = 0
      yield* during(() => {
        isPlaying = true
        return () => {
          isPlaying = false
        }
      })
      const playing = Effect.promise(async (signal) => {
        try {
          const given: World = { url, fetch, dispatcher, signal }
          return Result.succeed(await Life.live(life, () => client(given)))
        } catch (error) {
          return Result.fail(error)
        }
      })
      const label = `the client ${client.name === "" ? "under test" : client.name}`
      const result = yield* within(() => engine?.free())(VirtualClock.guard(playing, { label })).pipe(
        Effect.onError(() => Effect.sync(() => void (life.isGivenUp = true))),
      )
      // What is due by now happens: the service sees who left, and whoever rejects is heard. What never comes to rest is given up.
      const rest = yield* Effect.result(VirtualClock.guard(VirtualClock.advance(0), { label: `what ${label} left` }))
      if (Result.isSuccess(rest)) return result
      life.isGivenUp = true
      return Result.isFailure(result) ? result : Result.fail<unknown>(rest.failure)
    })
      .pipe(
        Effect.scoped,
        (playing) => Effect.raceFirst(playing, Deferred.await(closed)),
        Effect.provideContext(context),
        opened,
        run,
      )
      .then((result) => (Result.isSuccess(result) ? result.success : Promise.reject(result.failure as Error)))
    return whole(playing)
  }

  // What is due meanwhile, such as a receiver of letters, reads the kit's time too.
  const advance = (by: Span) => {
    if (!span.fits(by)) return Promise.reject(misfit("the span of advance", "a kit", span.wanted))
    const passing = world.here(VirtualClock.guard(VirtualClock.advance(by)))
    if (isPlaying) return run(opened(passing))
    if (globals && Life.current()?.isOver === false) return Promise.reject(new Nested())
    return whole(run(opened(Effect.scoped(Effect.andThen(covered, passing)))))
  }

  const transcript = async () => {
    const operations = operationsOf(await run(world.ledger))
    if (operations instanceof Unfit) return Promise.reject(operations)
    return { ...world.transcript, ...(operations === undefined ? {} : { operations }) }
  }
  const timeline = () => Effect.runSyncWith(context)(Timeline.text)

  return {
    url,
    fetch: relayed,
    dispatcher,
    transcript,
    judge: async (known = {}, checks = Checks.all) => {
      const unfit = wantedChecks.fits(checks)
        ? unfitOf("judge", known)
        : misfit("the second argument", "judge", wantedChecks.wanted)
      if (unfit !== undefined) return Promise.reject(unfit)
      const run = { ...(await transcript()), timeline: timeline(), ...known }
      return [...silent(run, wayTo(carrier, run.thrown?.[0])), ...Checks.judge(run, checks)]
    },
    report: (given = {}) => {
      allow(unfitOf("a report", given))
      return Report.html(Effect.runSyncWith(context)(Timeline.entries), given)
    },
    run: play,
    advance,
    track: (promise) => {
      holdUntil(engine, promise, "a promise")
      return promise
    },
    doctor: async (client) => {
      if (typeof client !== "function") return Promise.reject(misfit("the client of doctor", "a kit", "a function"))
      const begun: Array<World> = []
      let playing: Promise<unknown> = Promise.resolve()
      const found = await examine(() => {
        playing = play(async (given) => {
          begun.push(given)
          return client(given)
        })
        return playing
      })
      // How a client ends is no finding; that it could not begin is none either.
      return begun.length > 0 ? found : playing.then(() => found)
    },
    fault: (...names) =>
      names.every((name) => typeof name === "string")
        ? run(opened(world.fault(names)))
        : Promise.reject(
            misfit("a fault", "a kit", 'names, one after the other: kit.fault("503@look", "429=30@look")'),
          ),
    now: () => DateTime.toDateUtc(DateTime.makeUnsafe(engine?.now ?? 0)),
    ledger: () => run(world.ledger),
    timeline,
    close,
    [Symbol.asyncDispose]: close,
  }
}
