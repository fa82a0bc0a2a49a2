/** What code without types may get wrong in what it gives, said before anything is opened. */
import type { Explored, Known, Options, Service } from "../Kit.ts"
import type { Heading } from "./story.ts"

/** An option is not what it has to be, or is none. */
export class Unfit extends Error {
  readonly _tag = "Unfit"
  readonly option: string
  readonly says: string

  constructor(option: string, says: string) {
    super(`${option} is ${says}`)
    this.name = "Unfit"
    this.option = option
    this.says = says
  }
}

export const misfit = (option: string, taker: string, wanted: string): Unfit =>
  new Unfit(option, `not what ${taker} needs: give ${wanted}`)

interface Option {
  readonly fits: (value: unknown) => boolean
  readonly wanted: string
  /** What is left out otherwise has a default. */
  readonly isNeeded?: boolean
}

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value)
const isFunction = (value: unknown): boolean => typeof value === "function"
const isText = (value: unknown): boolean => typeof value === "string"
const listOf = (fits: Option["fits"], wanted: string): Option => ({
  fits: (value) => Array.isArray(value) && value.every(fits),
  wanted,
})
const aFunction: Option = { fits: isFunction, wanted: "a function" }
const aText: Option = { fits: (value) => isText(value) && value !== "", wanted: "a text" }
const texts = listOf(isText, "a list of texts")
const anyList = listOf(() => true, "a list")
const aSwitch: Option = { fits: (value) => typeof value === "boolean", wanted: "true or false" }
const wholeFrom = (least: number): Option => ({
  fits: (value) => Number.isSafeInteger(value) && Number(value) >= least,
  wanted: `a whole number from ${least}`,
})
const moreThanNone: Option = { fits: (value) => typeof value === "number" && value > 0, wanted: "a number above 0" }
const needed = (option: Option): Option => ({ ...option, isNeeded: true })

const isService = (value: unknown): boolean =>
  isFunction(value) ||
  (isObject(value) &&
    (Symbol.iterator in value ||
      ("fetch" in value && isFunction(value.fetch) && (!("ledger" in value) || isFunction(value.ledger)))))

/** A slash at its end, its own port and capitals are the same origin. */
const isOrigin = (value: unknown): boolean => {
  const url = typeof value === "string" ? URL.parse(value) : null
  return url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`
}

const wantedSpan =
  'a span such as "20 seconds"; milli, second, minute, hour and day are known, each with an s or without'
export const span: Option = {
  fits: (value) => typeof value === "string" && /^\d+(?:\.\d+)? (?:milli|second|minute|hour|day)s?$/.test(value),
  wanted: wantedSpan,
}

const wantedService =
  "what make() of an Emulator gives, a function from a Request to a Response, or { fetch, ledger }, whose ledger is a function, if there is one"
const carrier: Option = {
  fits: (value) => value === "memory" || value === "loopback",
  wanted: '"memory" or "loopback"',
}
const origin: Option = { fits: isOrigin, wanted: 'an origin without a path, such as "https://api.example.com"' }
const isCheck = (value: unknown): boolean => isObject(value) && "run" in value && isFunction(value.run)
export const checks = listOf(isCheck, "a list of checks, each of them one of Checks.all")
const exploration = { carrier, stopAt: moreThanNone, storyWithin: moreThanNone }

/** Every option there is, by who takes it. */
const takers = {
  "a kit": {
    service: needed({ fits: isService, wanted: wantedService }),
    carrier,
    faults: listOf(isText, 'a list of names, such as ["503@look"]'),
    globals: aSwitch,
    mostAtOnce: wholeFrom(1),
    mostInAll: wholeFrom(1),
    name: aText,
    origin,
    receiver: aFunction,
    seed: wholeFrom(0),
    stuckAfter: span,
  } satisfies Readonly<Record<keyof Options<Service>, Option>>,
  "a suite": {
    name: needed(aText),
    kinds: needed(listOf(isText, 'a list of what may go wrong, such as ["503@look"]')),
    service: needed({ fits: isFunction, wanted: "a function that makes a service for each story: () => choir()" }),
    client: needed(aFunction),
    carrier,
    checks,
    from: aText,
    globals: aSwitch,
    mostAtOnce: wholeFrom(1),
    mostInAll: wholeFrom(1),
    known: { fits: (value) => isObject(value) || isFunction(value), wanted: "an object, or a function that makes one" },
    origin,
    receiver: aFunction,
    secrets: texts,
    stuckAfter: span,
  } satisfies Readonly<Record<keyof Explored<Service>, Option>>,
  exhaustively: { depth: needed(wholeFrom(1)), seed: wholeFrom(0), ...exploration },
  randomly: {
    runs: needed(wholeFrom(1)),
    length: needed(wholeFrom(1)),
    seed: needed(wholeFrom(0)),
    ...exploration,
  },
  judge: {
    claimed: { fits: (value) => value === "succeeded" || value === "failed", wanted: '"succeeded" or "failed"' },
    deadline: moreThanNone,
    endOf: aFunction,
    isHome: aFunction,
    isInDoubt: aFunction,
    isKeyed: aSwitch,
    journal: { fits: isText, wanted: "a text" },
    keyOf: aFunction,
    logs: texts,
    secrets: texts,
    thrown: anyList,
    took: { fits: (value) => typeof value === "number", wanted: "a number of seconds" },
    unhandled: anyList,
    waiting: texts,
    workOf: aFunction,
  } satisfies Readonly<Record<keyof Known, Option>>,
  "a report": {
    title: { fits: isText, wanted: "a text" },
    ended: { fits: isText, wanted: "a text" },
    replay: { fits: isText, wanted: "a text" },
    facts: { fits: isObject, wanted: "an object of texts" },
  } satisfies Readonly<Record<keyof Heading | "facts", Option>>,
}

const lettersOf = (name: string) => name.split("").toSorted().join("")

/** One is the beginning of the other, or its letters are in another order. */
const isNear = (given: string, name: string): boolean =>
  name.startsWith(given) || given.startsWith(name) || lettersOf(given) === lettersOf(name)

/** The first option that is none, or is not fit. */
export const unfitOf = (taker: keyof typeof takers, given: unknown): Unfit | undefined => {
  const options: Readonly<Record<string, Option>> = takers[taker]
  const names = Object.keys(options)
  if (!isObject(given)) return misfit("what was given", taker, `an object of options: { ${names.join(", ")} }`)
  const strange = Object.keys(given).find((name) => !names.includes(name))
  if (strange !== undefined) {
    const near = names.find((name) => isNear(strange, name))
    const meant = near === undefined ? "" : `did you mean ${near}? `
    return new Unfit(strange, `no option of ${taker}: ${meant}known: ${names.join(", ")}`)
  }
  const [option, { wanted } = aText] =
    Object.entries(options).find(([name, { fits, isNeeded = false }]) => {
      const value: unknown = Reflect.get(given, name)
      return value === undefined ? isNeeded : !fits(value)
    }) ?? []
  return option === undefined ? undefined : misfit(option, taker, wanted)
}
