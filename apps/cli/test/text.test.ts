import * as Duration from "effect/Duration"
import { expect, test } from "@effect/vitest"
import * as Text from "../src/text.ts"

test("durations are read as people write them, and nothing else is", () => {
  const millis = (text: string) => {
    const read = Text.duration(text)
    return read === undefined ? undefined : Duration.toMillis(read)
  }
  expect(["20s", "5m", "1h30m", "5 minutes", "1 hour 30 min", "500ms", "1.5s", "2 Days"].map(millis)).toEqual([
    20_000, 300_000, 5_400_000, 300_000, 5_400_000, 500, 1500, 172_800_000,
  ])
  expect(["", "20", "s", "5x", "-5s", "0s", "5s!", "1e3s"].map(millis)).toEqual(Array(8).fill(undefined))
})

test("spans are said in two units at most that matter", () => {
  const say = (seconds: number) => Text.span(Duration.millis(seconds * 1000))
  expect([0.34, 1.25, 59, 60, 125, 3600, 5400].map(say)).toEqual([
    "340 ms",
    "1.3 s",
    "59 s",
    "1 min",
    "2 min 5 s",
    "1 h",
    "1 h 30 min",
  ])
})

test("a fault in JSON is found exactly where the parser would stop", () => {
  const good = ['{"a":[1,-2.5e3,true,null,"\\u00e9\\""],"b":{}}', " [ ] ", '"x"', "0"]
  expect(good.map((text) => [Text.jsonFault(text), typeof JSON.parse(text)])).toEqual(
    good.map((text) => [undefined, typeof JSON.parse(text)]),
  )
  const bad = ["", "{", "{a:1}", '{"a" 1}', '{"a":1,}', "[1,]", "[1 2]", "01", "'a'", '{"a":tru}', '"a', "{} {}", "[1}"]
  // Blank to a person, and no JSON.
  bad.push("{\u00a0}", "\u000b[]", "[]\u2028", "\ufeff{}", "\f1")
  for (const text of bad) {
    expect(() => JSON.parse(text)).toThrow()
    expect([text, Text.jsonFault(text)]).toEqual([text, expect.stringMatching(/^(line 1, column \d+|it ends)/)])
  }
  expect(Text.jsonFault('{"a":1,\n "b": oops}')).toBe("line 2, column 7: a value should be there")
})

test("a quoted word is one word to a shell", () => {
  expect(Text.quote("plain-word_1.txt")).toBe("plain-word_1.txt")
  expect(Text.quote("it's $HOME")).toBe(`'it'\\''s $HOME'`)
})
