/** What the caller is told: the truth, to the end, and no secret. */
import * as Reading from "../reading.ts"
import { check } from "./check.ts"

export const asTold = check(
  "as-told",
  2,
  "the client says of the work what the service said: a failed look is not a failed operation",
  ({ claimOf, claimed, exchanges }) => {
    const said = new Set(exchanges.map(claimOf))
    if (claimed === undefined || said.has(claimed)) return []
    // Of a service that never told an end, nobody knows how it would.
    const way = said.size === 1 && said.has(undefined) ? "; if it has words of its own for an end, give endOf" : ""
    return [`the client says that the work ${claimed}; the service never said so${way}`]
  },
)

export const nothingUnhandled = check(
  "nothing-unhandled",
  7,
  "every promise is settled, and every rejection is heard",
  (run) => {
    const { unhandled = [], waiting = [] } = run
    const kindOf = (value: unknown) => (value instanceof Error ? value.name : typeof value)
    return [
      ...unhandled.map((value) => `a rejection that nobody handles: ${kindOf(value)}`),
      ...waiting.map((who) => `waits for ever: ${who}`),
    ]
  },
)

export const secretKept = check(
  "secret-kept",
  10,
  "no secret in any rendering: message, stack, JSON, logs, journal",
  (run) => {
    const { journal = "", logs = [], secrets = [], thrown = [], timeline = "" } = run
    const texts = [
      ["the timeline", timeline],
      ["the journal", journal],
      ...logs.map((log, index) => [`log ${index + 1}`, log] as const),
      ...thrown.flatMap((value, index) =>
        Reading.renderingsOf(value).map(
          ([form, text]) => [`the ${form} of what was thrown, no. ${index + 1}`, text] as const,
        ),
      ),
    ] as const
    return secrets.flatMap((secret, index) => {
      const isIn = Reading.showing(secret)
      return texts.filter(([, text]) => isIn(text)).map(([where]) => `secret no. ${index + 1} stands in ${where}`)
    })
  },
)

export const keyAtHome = check(
  "key-at-home",
  10,
  "a credential goes to the service alone: no storage host, no redirect",
  (run) => {
    const { exchanges, isHome, secrets = [] } = run
    const signs = secrets.map(Reading.showing)
    return exchanges.flatMap((exchange) => {
      if (isHome(exchange)) return []
      const sent = JSON.stringify([exchange.path, exchange.query, exchange.headers, exchange.body])
      return signs.flatMap((isIn, index) =>
        isIn(sent) ? [`secret no. ${index + 1} was sent to ${exchange.origin}, ${Reading.shown(exchange)}`] : [],
      )
    })
  },
)
