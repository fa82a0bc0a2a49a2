import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Lifecycle from "../src/Lifecycle.ts"
import * as Equal from "effect/Equal"
import {inspect} from "node:util"
import * as Redacted from "effect/Redacted"
import * as SchemaIssue from "effect/SchemaIssue"
const s = await Effect.runPromise(Arbitrary.sampleEffect(Arbitrary.schema(Lifecycle.Event), { count: 2000, seed: "s" }))
for (const e of s.slice(0,12)) console.log(inspect(e, {depth: 8, breakLength: 200}))
let bad = new Map()
const enc = Schema.encodeUnknownSync(Lifecycle.Event), dec = Schema.decodeUnknownSync(Lifecycle.Event)
for (const e of s) { try { dec(JSON.parse(JSON.stringify(enc(e)))) } catch (x) { const m = String(x.message ?? x).slice(0,300); bad.set(m, (bad.get(m) ?? 0)+1) } }
console.log(bad.size, [...bad].slice(0,10))
console.log(Equal.equals({a:1,b:[{c:1}]},{b:[{c:1}],a:1}))
const f = SchemaIssue.makeFormatterStandardSchemaV1()
const S = Schema.Struct({u: Schema.String.check(Schema.isMaxLength(5)), r: Schema.Redacted(Schema.String.check(Schema.isMaxLength(3))), n: Schema.Int, l: Schema.Literals(["a","b"])})
const r = await Effect.runPromise(Effect.flip(Schema.encodeUnknownEffect(S,{errors:"all"})({u:"https://secret?sig=abc", r: Redacted.make("hidden"), n: "txt-secret", l: "word-secret"})))
console.log(f(r.issue).issues)
