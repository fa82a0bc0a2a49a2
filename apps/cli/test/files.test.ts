/** Names of saved files: one for each artifact, on every file system, with the letters that the service gave. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Duration, Effect, Layer, Schema } from "effect"
import { expect, test } from "vitest"
import * as Artifact from "@tenuto/core/Artifact"
import * as Contract from "@tenuto/core/Contract"
import * as Operation from "@tenuto/core/Operation"
import * as Remote from "@tenuto/core/Remote"
import { Transport } from "@tenuto/http/Transport"
import * as Files from "../src/files.ts"
import { directory } from "./tenuto.ts"

const contract = Contract.make({
  idempotency: { _tag: "Unkeyed" },
  cadence: { _tag: "Interval", every: Duration.seconds(1), floor: Duration.seconds(1) },
})
const sing = Operation.make({
  service: "choir",
  name: "sing",
  contract,
  input: Schema.Struct({}),
  output: Schema.Struct({ file: Artifact.Embedded }),
  codes: [],
})

/** A file that says its own name, and needs no network. */
const artifact = (name: string, id = "op_1", type = "text/plain") =>
  new Artifact.Artifact({
    name,
    handle: { version: 1, service: "choir", origin: "https://choir.test", operation: "sing", id },
    link: Artifact.link(`data:${type},${encodeURIComponent(`${id}/${name}`)}`),
  })

const nothing = Layer.mergeAll(
  Layer.succeed(Remote.of<string>("choir"), {
    origin: "https://choir.test",
    perform: () => Effect.die("it is not asked"),
  }),
  Layer.succeed(Transport, { send: () => Effect.die("nothing is sent"), open: () => Effect.die("nothing is opened") }),
)
const save = (all: ReadonlyArray<Artifact.Artifact>, out: string, chosen = all) =>
  Effect.runPromise(
    Effect.provide(Files.save(sing, all, chosen, out, Effect.succeed({ within: Duration.minutes(1) })), nothing),
  )

test("ten files are ten files, whatever they are called, and each holds its own bytes", async () => {
  const names = [
    "a/b",
    "a?b",
    "a b",
    "A b",
    "a\\b",
    "ü",
    "Ü",
    "u\u0308",
    "x".repeat(300),
    `${"x".repeat(300)}y`,
    "same",
    "same",
  ]
  const out = directory()
  const all = names.map((name) => artifact(name))
  const saved = await save(all, out)
  const files = readdirSync(out)
  expect(files).toHaveLength(names.length)
  expect(new Set(files.map((file) => file.normalize("NFC").toLowerCase())).size).toBe(names.length)
  for (const one of all) {
    expect(readFileSync(saved.get(one)?.file ?? "", "utf8")).toBe(`op_1/${one.name}`)
    expect(Files.shown(one, saved)).toMatchObject({ file: saved.get(one)?.file })
  }
})

test("a file has the same name when it is saved alone, and files of other work have other names", async () => {
  const out = directory()
  const all = ["same", "same", "a?b"].map((name) => artifact(name))
  const saved = await save(all, out)
  const alone = await save(all, out, all.slice(1, 2))
  expect([...alone.values()]).toEqual([[...saved.values()][1]])
  await save([artifact("same", "op/2"), artifact("same", "op?2")], out)
  expect(readdirSync(out)).toHaveLength(5)
})

test("letters of every script stay, and a plain name stays as it is", async () => {
  const out = directory()
  await save(
    ["outputs.0", "Größe", "文档", "песня", "गीत", "שיר"].map((name) => artifact(name)),
    out,
  )
  expect(new Set(readdirSync(out).map((name) => name.normalize("NFC")))).toEqual(
    new Set(["outputs.0", "Größe", "文档", "песня", "गीत", "שיר"].map((name) => `op_1.${name}.txt`.normalize("NFC"))),
  )
})

test("a name is as long as a file system takes, in bytes, and leads nowhere else", async () => {
  const out = directory()
  const long = [
    "文".repeat(200),
    "😀".repeat(100),
    "a".repeat(1000),
    "../../etc/passwd",
    "..",
    ".",
    "",
    "-rf",
    "\u0000",
  ]
  await save(
    long.flatMap((name) => [artifact(name), artifact(name, `${name}op`)]),
    out,
  )
  const files = readdirSync(out)
  expect(files).toHaveLength(long.length * 2)
  for (const file of files) {
    expect(Buffer.byteLength(file)).toBeLessThanOrEqual(255)
    expect(file).toMatch(/^[^.\-/\\][^/\\]*\.txt$/u)
    expect(file).not.toContain("\ufffd")
  }
})

test("a file ends as its link's own type says, where the artifact names none", async () => {
  const out = directory()
  await save(
    [artifact("a", "1", "image/png"), artifact("b", "1", ""), artifact("c", "1", "text/html;charset=utf-8")],
    out,
  )
  expect(readdirSync(out).toSorted()).toEqual(["1.a.png", "1.b.bin", "1.c.html"])
  expect(join(out, "1.a.png")).toContain(out)
})
