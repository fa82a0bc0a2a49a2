import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Tree } from "@tenuto/core/Artifact"
import * as Json from "@tenuto/http/Json"

const secret = "https://files.test/a.flac?sig=s3cr3t"
const bytes = (text: string) => new TextEncoder().encode(text)
const read = (body: string | Uint8Array, type?: string) =>
  Json.read(type === undefined ? {} : { "content-type": type }, typeof body === "string" ? bytes(body) : body)
const value = <A>(result: Result.Result<A, string>): A =>
  Result.isSuccess(result) ? result.success : assert.fail(result.failure)
const refusal = (result: Result.Result<unknown, string>): string =>
  Result.isFailure(result) ? result.failure : assert.fail("it was read")

describe("laws", () => {
  it("no sentence shows what was read", () => {
    const nested = { files: [{ url: 1, [secret]: { a: secret } }], note: secret }
    const schemas = [
      Schema.Struct({ note: Schema.Finite }),
      Schema.Struct({ note: Schema.Literals(["ready", "failed"]) }),
      Schema.Struct({ note: Schema.String.check(Schema.isMaxLength(3)) }),
      Schema.Struct({ files: Schema.Array(Schema.Struct({ url: Schema.String })) }),
      Schema.Struct({ files: Schema.Array(Schema.Record(Schema.String, Schema.Finite)) }),
      Schema.Union([Schema.Struct({ note: Schema.Finite }), Schema.Struct({ note: Schema.Null })]),
      Schema.Finite,
      Schema.fromJsonString(Schema.Unknown),
    ]
    for (const schema of schemas) {
      const sentence = refusal(Json.decoder<unknown>(schema, "the answer")(nested))
      assert.match(sentence, /^the answer is not as documented at /)
      assert.notInclude(sentence, "s3cr3t")
    }
    for (const text of [`{"url":"${secret}"`, secret, `"${secret}`]) assert.notInclude(refusal(read(text)), "s3cr3t")
    assert.notInclude(refusal(read("{}", secret)), "s3cr3t")
    for (const type of [`text/${"a".repeat(10_000)}`, `${"a".repeat(10_000)}/html`, "a".repeat(10_000)]) {
      assert.isBelow(refusal(read("{}", type)).length, 150)
    }
  })

  it("the same value gives the same bytes", () => {
    const make = () => ({ b: 1, a: [null, "ü", "\ud800", { c: true }], 2: "x", 1: "y" })
    assert.deepStrictEqual(Json.write(make()), Json.write(make()))
    assert.deepStrictEqual(Json.write(JSON.parse(JSON.stringify(make()))), Json.write(make()))
    assert.deepStrictEqual(value(read(Json.write(make()))), JSON.parse(JSON.stringify(make())))
  })
})

describe("a body is read as JSON", () => {
  for (const type of [
    undefined,
    "application/json",
    "application/json; charset=utf-8",
    "APPLICATION/JSON",
    "application/problem+json",
    "application/vnd.service.v1+json;x=y",
  ]) {
    it(`when it says ${type ?? "nothing"}`, () => assert.deepStrictEqual(value(read(`{"a":1}`, type)), { a: 1 }))
  }
  for (const type of [
    "text/html",
    "text/plain",
    "application/xml",
    "application/octet-stream",
    "application/jsonp",
    "",
  ]) {
    it(`but not when it says ${JSON.stringify(type)}`, () => assert.match(refusal(read(`{"a":1}`, type)), /not JSON$/))
  }

  it.each([
    ["424010985738629", 424010985738629],
    ["9007199254740991", 9007199254740991],
    ["9007199254740992", 9007199254740992],
    ["9007199254740993", "9007199254740993"],
    ["-9007199254740993", "-9007199254740993"],
    ["2512292042121000001", "2512292042121000001"],
    ["18446744073709551615", "18446744073709551615"],
    ["0.1234567890123456", 0.1234567890123456],
    ["1e300", 1e300],
    ['"9007199254740993"', "9007199254740993"],
  ])("and the number %s is no other one, wherever it stands", (text, number) => {
    assert.deepStrictEqual(value(read(`{"id":${text},"list":[${text}]}`)), { id: number, list: [number] })
    assert.deepStrictEqual(value(read(text)), number)
  })

  it("and where the runtime does not tell its text, a number that is lost refuses the body", () => {
    const { parse } = JSON
    const older: typeof parse = (text, revive) =>
      parse(text, revive && ((name, given) => Reflect.apply(revive, undefined, [name, given])))
    try {
      JSON.parse = older
      assert.match(refusal(read(`{"id":9007199254740993}`)), /longer than this runtime can read exactly/)
      assert.deepStrictEqual(value(read(`{"id":"9007199254740993"}`)), { id: "9007199254740993" })
    } finally {
      JSON.parse = parse
    }
  })

  it("when it begins with a byte order mark", () => assert.strictEqual(value(read(`\ufeff1`)), 1))
  it("when it is large", () =>
    assert.lengthOf(value(read(`"${"x".repeat(8 * 1024 * 1024)}"`)) as string, 8 * 1024 * 1024))
  it("when it is nested deep", () => {
    const deep = value(read("[".repeat(100_000) + "]".repeat(100_000)))
    assert.isTrue(Array.isArray(deep))
    assert.match(refusal(Json.decoder(Tree, "the result")(deep)), /^the result is nested too deep/)
  })
})

describe("a sentence says what is wrong", () => {
  const cases: ReadonlyArray<readonly [string, string | Uint8Array, string | undefined, RegExp]> = [
    ["a page of a proxy", "<html>", "text/html; charset=utf-8", /^the body is text\/html, not JSON$/],
    ["nothing at all", "", undefined, /^the body is empty$/],
    ["nothing that claims to be JSON", "", "application/json", /^the body is empty$/],
    ["an end that is missing", `{"a":`, "application/json", /^the body is not JSON in UTF-8 \(5 bytes\)$/],
    ["bytes that are not UTF-8", new Uint8Array([0x22, 0xff, 0x22]), undefined, /not JSON in UTF-8 \(3 bytes\)/],
    ["UTF-16", new Uint8Array([0xff, 0xfe, 0x31, 0x00]), undefined, /not JSON in UTF-8 \(4 bytes\)/],
    ["two values", "{}{}", undefined, /not JSON/],
    ["white space", "  ", undefined, /not JSON/],
    ["NaN", "NaN", undefined, /not JSON/],
  ]
  for (const [name, body, type, sentence] of cases) {
    it(`about ${name}`, () => assert.match(refusal(read(body, type)), sentence))
  }

  it("names the place of what differs, and how often is no matter", () => {
    const decode = Json.decoder(
      Schema.Struct({ id: Schema.String, outputs: Schema.Array(Schema.Struct({ url: Schema.String })) }),
      "the operation",
    )
    const at = (input: unknown) => refusal(decode(input)).replace("the operation is not as documented at ", "")
    assert.strictEqual(at({ id: "1", outputs: [{ url: "a" }, { url: 2 }] }), "outputs.1.url")
    assert.strictEqual(at({ outputs: [] }), "id")
    assert.strictEqual(at(null), "the whole")
    assert.deepStrictEqual(value(decode({ id: "1", outputs: [], more: 1 })), { id: "1", outputs: [] })
  })
})
