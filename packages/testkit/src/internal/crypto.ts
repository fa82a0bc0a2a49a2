/** WebCrypto works on other threads, which the engine cannot see: every call takes a hold. */
import { holdUntil } from "./clock.ts"
import type { Engine } from "./engine.ts"

const held = (engine: Engine, subtle: SubtleCrypto): SubtleCrypto =>
  new Proxy(subtle, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== "function") return member
      return (...args: ReadonlyArray<unknown>): unknown => {
        const answer: unknown = Reflect.apply(member, target, args)
        holdUntil(engine, Promise.resolve(answer), `crypto.subtle.${String(name)}`, false)
        return answer
      }
    },
  })

/** The same crypto, held; `parts` are what it offers in another way. */
export const heldCrypto = (engine: Engine, crypto: Crypto, parts: Partial<Crypto> = {}): Crypto => {
  const own: Partial<Crypto> = { ...parts, subtle: held(engine, crypto.subtle) }
  return new Proxy(crypto, {
    get: (target, name) => {
      if (Object.hasOwn(own, name)) return Reflect.get(own, name)
      const member: unknown = Reflect.get(target, name, target)
      return typeof member === "function" ? member.bind(target) : member
    },
  })
}
