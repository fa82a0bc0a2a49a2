/**
 * A service as a table of routes, with a ledger of every request that came.
 *
 * It never judges a request: what stands before an answer is the service's guard, and what is said where no route leads
 * is said in the service's own words.
 *
 * ```text
 * path unknown ──▶ unknown     verb unknown ──▶ wrongVerb     else guard ──▶ the first route that fits
 * ```
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Emulator from "@tenuto/testkit/Emulator"
 * import * as Routes from "@tenuto/testkit/Routes"
 *
 * const song = Routes.route({
 *   method: "GET",
 *   path: "/v1/songs/:id",
 *   stage: "look",
 *   answer: (_, { id }) => Effect.succeed(Emulator.json(200, { id, status: "sung" })),
 * })
 * export const choir = Routes.make([song], {
 *   unknown: () => Effect.succeed(Emulator.answer(404, "no such page")),
 *   wrongVerb: (_, allow) => Effect.succeed(Emulator.answer(405, "not like this", { allow })),
 * })
 * export const transport = Effect.map(choir, ({ handler }) => Emulator.layerMemory(handler))
 * ```
 */
import * as Effect from "effect/Effect"
import type { Behaviour } from "./Behaviour.ts"
import type { Stage } from "./Fault.ts"
import type { Handler, Request } from "./Handler.ts"
import { matcher, type Params, type Parts, promised } from "./internal/path.ts"

/** One way into a service. */
export interface Route<R = never> {
  /** A verb, or `*` for every verb. */
  readonly method: string
  /** `/v1/things/:id`; `/files/*` takes whatever follows. */
  readonly path: string
  /** Which part of the work its requests belong to, or how one tells. */
  readonly stage?: Stage | ((request: Request) => Stage) | undefined
  /** No guard stands before it. */
  readonly isOpen?: boolean
  readonly answer: (request: Request, params: Parts) => Effect.Effect<Behaviour, never, R>
}

/** What a service says where no answer is due. */
export interface Manners<R = never> {
  /** No route has this path. */
  readonly unknown: (request: Request) => Effect.Effect<Behaviour, never, R>
  /** The path has other verbs: `allow` lists them as the header does. */
  readonly wrongVerb: (request: Request, allow: string) => Effect.Effect<Behaviour, never, R>
  /** Look at a request before its route does; what it gives is answered instead. Default: everything passes. */
  readonly guard?: (request: Request, route: Route<R>) => Effect.Effect<Behaviour | undefined, never, R>
}

/** One request. `status` is absent while it is held, for a client that left, and for what is no plain answer. */
export interface Entry {
  readonly stage: Stage | undefined
  readonly method: string
  readonly path: string
  readonly status?: number
}

/** A service, and what came to it. */
export interface Routes<R = never> {
  readonly handler: Handler<R>
  /** Which stage a request belongs to, for faults and scripts. */
  readonly stage: (request: Request) => Stage | undefined
  /** Every request so far, in the order of arrival. */
  readonly requests: Effect.Effect<ReadonlyArray<Entry>>
}

/** Write a route whose answer knows the names in its path. */
export const route = <const Path extends string, R = never>(
  given: Omit<Route<R>, "path" | "answer"> & {
    readonly path: Path
    readonly answer: (request: Request, params: Params<Path>) => Effect.Effect<Behaviour, never, R>
  },
): Route<R> => ({ ...given, answer: (request, params) => given.answer(request, promised(given.path, params)) })

interface Row<R> {
  readonly route: Route<R>
  readonly match: (path: string) => Parts | undefined
}

/** Where a request leads. */
interface Way<R> {
  readonly pathname: string
  readonly found?: { readonly route: Route<R>; readonly params: Parts } | undefined
  /** The verbs of the path, where none of its routes is found. */
  readonly allow: string
}

const wayOf = <R>(table: ReadonlyArray<Row<R>>, method: string, pathname: string): Way<R> => {
  const verbs = new Set<string>()
  for (const { match, route } of table) {
    const params = match(pathname)
    if (params === undefined) continue
    if (route.method === method || route.method === "*") return { pathname, found: { route, params }, allow: "" }
    verbs.add(route.method)
  }
  return { pathname, allow: [...verbs].toSorted().join(", ") }
}

/** Make a service of its routes. Of several that fit, the first answers. */
export const make = <R = never>(
  routes: ReadonlyArray<Route<NoInfer<R>>>,
  manners: Manners<R>,
): Effect.Effect<Routes<R>> =>
  Effect.sync(() => {
    const table = routes.map((route) => ({ route, match: matcher(route.path) }))
    const requests: Array<{ -readonly [Field in keyof Entry]: Entry[Field] }> = []

    const ways = new WeakMap<Request, Way<R>>()
    /** Looked for once, however many ask for the stage of a request. */
    const find = (request: Request): Way<R> => {
      const known = ways.get(request)
      if (known !== undefined) return known
      const { pathname } = new URL(request.url)
      const way = wayOf(table, request.method, pathname)
      ways.set(request, way)
      return way
    }
    const stageOf = (request: Request, { found }: Way<R>): Stage | undefined => {
      const stage = found?.route.stage
      return typeof stage === "function" ? stage(request) : stage
    }

    const respond = (request: Request, { allow, found }: Way<R>) => {
      if (found === undefined) return allow === "" ? manners.unknown(request) : manners.wrongVerb(request, allow)
      const { params, route } = found
      const guarded = route.isOpen === true ? undefined : manners.guard?.(request, route)
      if (guarded === undefined) return route.answer(request, params)
      return Effect.flatMap(guarded, (refusal) =>
        refusal === undefined ? route.answer(request, params) : Effect.succeed(refusal),
      )
    }

    return {
      handler: (request) =>
        Effect.suspend(() => {
          const way = find(request)
          const entry: (typeof requests)[number] = {
            stage: stageOf(request, way),
            method: request.method,
            path: way.pathname,
          }
          requests.push(entry)
          return Effect.map(respond(request, way), (behaviour) => {
            if (behaviour._tag === "Answered") entry.status = behaviour.response.status
            return behaviour
          })
        }),
      stage: (request) => stageOf(request, find(request)),
      requests: Effect.sync(() => requests.map((entry) => ({ ...entry }))),
    }
  })
