/** Makes exchanges that may be kept out of what was taped: bodies to read, and no secret. */
import { join, reveal } from "@tenuto/http/Exchange"
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"
import type { Exchange, Failed } from "./recorded.ts"
import { type Content, contentOf, keptOf } from "./content.ts"
import { type Asking, type Secrecy, type Side, Withholder } from "./secrecy.ts"
import type { Take } from "./taping.ts"

const asked = ({ request }: Take): Asking => {
  const headers: Record<string, string> = {}
  const secretHeaders = new Set<string>()
  for (const [name, value] of Object.entries(request.headers)) {
    headers[name.toLowerCase()] = reveal(value)
    if (Redacted.isRedacted(value)) secretHeaders.add(name.toLowerCase())
  }
  return {
    url: reveal(request.url),
    isUrlSecret: Redacted.isRedacted(request.url),
    headers,
    secretHeaders,
    ...contentOf(headers, request.body ?? new Uint8Array()),
  }
}

const answered = ({ answer, parts }: Take): (Side & { readonly status: number }) | undefined =>
  answer === undefined ? undefined : { ...answer, ...keptOf(answer.headers, join(parts)) }

const isCut = ({ answer, isWhole, parts }: Take): boolean => {
  const size = parts.reduce((sum, part) => sum + part.byteLength, 0)
  return answer !== undefined && !isWhole && Number(answer.headers["content-length"] ?? Infinity) > size
}

const failed = ({ failure, most }: Take): Failed | undefined => {
  if (failure === undefined) return undefined
  if (failure._tag === "Unsent") return { unsent: failure.problem }
  const { problem } = failure
  return { unanswered: problem, ...(problem === "TooLarge" && most !== undefined ? { maxBytes: Number(most) } : {}) }
}

const body = ({ bytes, json, text }: Content): Content => ({
  ...(json === undefined ? {} : { json }),
  ...(text === undefined ? {} : { text }),
  ...(bytes === undefined ? {} : { bytes }),
})

/** `now` ends, in milliseconds since the beginning, what has not ended yet. */
export const exchanges = (takes: ReadonlyArray<Take>, now: number, secrecy?: Secrecy): ReadonlyArray<Exchange> => {
  const withholder = new Withholder(secrecy)
  const sides = takes.map((take) => ({ take, asking: asked(take), answer: answered(take) }))
  for (const { answer, asking } of sides) withholder.learn(asking, answer)
  return sides.map(({ take, ...open }) => {
    const { answer, asking } = withholder.hide(open.asking, open.answer)
    const failure = failed(take)
    return {
      at: Duration.millis(take.at),
      request: { method: take.request.method, url: asking.url, headers: asking.headers, ...body(asking) },
      ...(take.head === undefined ? {} : { head: Duration.millis(take.head) }),
      ...(answer === undefined
        ? {}
        : {
            response: {
              status: answer.status,
              headers: answer.headers,
              ...body(answer),
              ...(isCut(take) ? { isCut: true } : {}),
            },
          }),
      ...(failure === undefined ? {} : { failure }),
      took: Duration.millis(take.took ?? Math.max(0, now - take.at)),
    }
  })
}
