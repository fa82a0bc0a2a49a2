/** WebCrypto works on other threads, which the engine cannot see: every call takes a hold. */
import { holdUntil } from "./clock.ts"
import type { Engine } from "./engine.ts"

type Method = (this: unknown, ...args: ReadonlyArray<unknown>) => unknown

/** The same method; each call of it holds time until it has its answer. */
export const heldMethod = (engine: Engine, method: object, label: string): Method =>
  function (this: unknown, ...args) {
    const answer: unknown = Reflect.apply(method as Method, this, args) // whoever asks has seen that it is one
    holdUntil(engine, Promise.resolve(answer), label, false)
    return answer
  }

const held = (engine: Engine, subtle: SubtleCrypto): SubtleCrypto =>
  new Proxy(subtle, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== "function") return member
      return heldMethod(engine, member, `crypto.subtle.${String(name)}`).bind(target)
    },
  })

/** The same crypto, held. */
export const heldCrypto = (engine: Engine, crypto: Crypto): Crypto => {
  const subtle = held(engine, crypto.subtle)
  return new Proxy(crypto, {
    get: (target, name) => {
      if (name === "subtle") return subtle
      const member: unknown = Reflect.get(target, name, target)
      return typeof member === "function" ? member.bind(target) : member
    },
  })
}
