/** When something may be sent: not sooner than asked, not too often, not after the end, not after the deadline. */
import * as Reading from "../reading.ts"
import { type Exchange, grain } from "../transcribed.ts"
import { check, type Read } from "./check.ts"
import { groups, isAlone } from "./works.ts"

/** What was asked after an exchange, by its place and in order: everything, or what is for the same thing. */
const afterOf = ({ exchanges, targetOf }: Read) => {
  const [repeated, last] = [new Map<number, number>(), new Map<string, number>()]
  for (const [place, exchange] of exchanges.entries()) {
    const target = targetOf(exchange)
    const before = last.get(target)
    if (before !== undefined) repeated.set(before, place)
    last.set(target, place)
  }
  return function* (place: number, isForSame: boolean): Generator<readonly [place: number, next: Exchange]> {
    for (let at: number | undefined = place; ;) {
      at = isForSame ? repeated.get(at) : at + 1
      const next = at === undefined ? undefined : exchanges[at]
      if (at === undefined || next === undefined) return
      yield [at, next]
    }
  }
}

const floorSeconds = 1

export const asAsked = check(
  "as-asked",
  6,
  "never sooner than the service asked, and after 429 nothing at all but a cancel",
  (run) => {
    const { exchanges, targetOf } = run
    const isOne = isAlone(run)
    const after = afterOf(run)
    return exchanges.flatMap((told, index) => {
      const hint = Reading.hintOf(told, run)
      const { answer } = told
      if (answer === undefined || hint === undefined) return []
      // What is asked for more than a day may be forgotten by whoever is asked anew, and by nobody at once.
      const until = answer.at + (hint > 86_400 ? floorSeconds : hint) - grain
      const bindsLooks = isOne && Reading.isSubmit(told)
      const isBound = (next: Exchange): boolean => {
        if (next.origin !== told.origin || next.at < answer.at - grain) return false
        if (targetOf(next) === targetOf(told)) return true
        // Whoever takes work may say when it is to be looked at.
        if (bindsLooks && Reading.isLook(next)) return true
        // Another's request of the same instant may have left before the answer came.
        if (next.at <= answer.at + grain || answer.status < 400) return false
        // Whoever asks for less work need not wait for it.
        return (answer.status === 429 && next.stage !== "cancel") || next.stage === told.stage
      }
      for (const [, next] of after(index, answer.status < 400 && !bindsLooks)) {
        if (next.at >= until) break
        if (!isBound(next)) continue
        const asked = `${Reading.shown(told)} was answered ${answer.status} and asked for ${hint} s at ${answer.at} s`
        return [`${asked}; ${Reading.shown(next)} came sooner`]
      }
      return []
    })
  },
)

const burst = 3

export const noHotLoop = check(
  "no-hot-loop",
  6,
  `no more than ${burst} requests for the same thing within ${floorSeconds} second`,
  (run) =>
    groups(run.exchanges, run.targetOf).flatMap((same) => {
      const first = same.find((one, index) => (same[index + burst]?.at ?? Infinity) < one.at + floorSeconds - grain)
      if (first === undefined) return []
      const many = same.filter(({ at }) => at >= first.at && at < first.at + floorSeconds - grain).length
      return [`${many} requests within ${floorSeconds} s, from ${Reading.shown(first)} on`]
    }),
)

/** A client may take a link for dead so many seconds before it is: no two clocks are the same. */
const clockSkew = 60

export const settledIsFinal = check(
  "settled-is-final",
  1,
  "no submit and no look after the service said that the work ended; a link that died may be renewed",
  (run) => {
    const { endOf, exchanges, targetOf } = run
    const isOne = isAlone(run)
    const asks = (exchange: Exchange) => Reading.isSubmit(exchange) || Reading.isLook(exchange)
    // Without a key it may be other work.
    const isResend = (exchange: Exchange) => Reading.isSubmit(exchange) && run.keyOf(exchange) !== undefined
    const hasDied = ({ answer, stage }: Exchange) => stage === "download" && (answer?.status ?? 500) >= 300
    const after = afterOf(run)
    const deaths = exchanges.flatMap((exchange, place) => (hasDied(exchange) ? [place] : []))
    const found = new Set<string>()
    for (const [index, said] of exchanges.entries()) {
      const { answer } = said
      // What a fault was played on may be more than its client can read.
      if (answer === undefined || said.fault !== undefined || !asks(said) || endOf(said) === undefined) continue
      const isSame = (next: Exchange) => targetOf(next) === targetOf(said) || (isOne && isResend(next))
      const life = Reading.lifeOf(said, run) - clockSkew
      const isLate = (next: Exchange) =>
        next.at >= answer.at - grain && isSame(next) && (isResend(next) || (Reading.isLook(next) && next.at < life))
      for (const [place, next] of after(index, !isOne)) {
        if (!isLate(next)) continue
        if (!deaths.some((death) => death > index && death < place))
          found.add(`${Reading.shown(next)} asks for work that ended at ${answer.at} s`)
        break
      }
    }
    return Array.from(found)
  },
)

export const withinDeadline = check("within-deadline", 7, "the deadline or abort ends everything, at once", (run) => {
  const { deadline, exchanges, took = 0 } = run
  if (deadline === undefined) return []
  const over = deadline + grain
  const late = exchanges
    .filter(({ at }) => at > over)
    .map((exchange) => `${Reading.shown(exchange)}, after the deadline at ${deadline} s`)
  const held = exchanges
    .filter(({ at, end, openUntil = Infinity }) => {
      const until = end === undefined ? openUntil : end.did === "Left" ? end.at : 0
      return at <= over && until > over
    })
    .map((exchange) => `${Reading.shown(exchange)} is still held after the deadline at ${deadline} s`)
  const kept = took > over ? [`the caller waited ${took} s, with a deadline at ${deadline} s`] : []
  return [...late, ...held, ...kept]
})
