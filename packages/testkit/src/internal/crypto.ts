/** WebCrypto works on other threads, which the engine cannot see: every call takes a hold. */
import type { Engine } from "./engine.ts"

const held = (engine: Engine, subtle: SubtleCrypto): SubtleCrypto =>
  new Proxy(subtle, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== "function") return member
      return (...args: ReadonlyArray<unknown>): unknown => {
        const release = engine.hold(`crypto.subtle.${String(name)}`, false)
        const answer: unknown = Reflect.apply(member, target, args)
        void Promise.resolve(answer).then(release, release)
        return answer
      }
    },
  })

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
