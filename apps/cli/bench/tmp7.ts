import * as Suites from "../src/suites.ts"
const [, , name, ...steps] = process.argv
const t = await (await (Suites as any)[name!]()).tell({ seed: 0, carrier: "memory", steps })
console.log(t.timeline, t.violations, t.transitions)
