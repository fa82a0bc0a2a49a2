/** Each service by the command, over real sockets and in processes of its own. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { Effect } from "effect"
import { describe, expect, onTestFinished, test } from "vitest"
import * as HeyDonnaEmulator from "@tenuto/heydonna/Emulator"
import { at, directory, emulate, goOn, paste, run, tenuto } from "./tenuto.ts"

const project = ["heydonna", "projects.create", "--input", '{"title":"Hearing","audioUrl":"https://bucket.test/a.mp3"}']
const letter = ["overten", "word.generate", "--input", '{"prompt":"A letter","async":true}']
const waltz = ["whisul", "generate", "--input", '{"prompt":"A waltz"}']

const submits = (requests: ReadonlyArray<{ readonly [key: string]: unknown }>) =>
  requests.filter(({ stage }) => stage === "submit")

/** A port where nobody listens, for now. */
const closedPort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

describe("heydonna", () => {
  test("a submit whose answer is lost is uncertain: one POST, the reference, and how to reconcile", async () => {
    const service = await emulate("heydonna", "--work", "300ms", "--fault", "reset-after-commit@submit")
    const journal = join(directory(), "jobs.db")
    const ended = await run([
      "run",
      ...project,
      "--base-url",
      service.url,
      "--reference",
      "order-7",
      "--journal",
      journal,
    ])
    expect(ended.code).toBe(11)
    expect(ended.err).toContain("may have started")
    expect(ended.err).toContain("look for the reference order-7")
    expect(ended.err).toContain("ask the service about order-7 before you send it again")
    const [, command] = /put its id in the place of ID and go on with: (.*)/.exec(ended.err) ?? []
    expect(command).toMatch(/^tenuto settle /)
    // A person finds it at the service, by the reference that was printed.
    const again = await run([
      "run",
      ...project,
      "--base-url",
      service.url,
      "--reference",
      "order-7",
      "--journal",
      journal,
    ])
    expect(again.code).toBe(11)
    const settled = await paste((command ?? "").replace('"id":"ID"', `"id":"${await firstProject()}"`))
    expect([settled.code, settled.err]).toEqual([0, ""])
    const { ledger, requests } = await service.stop()
    expect(submits(requests)).toHaveLength(1)
    expect(ledger["operations"]).toMatchObject([{ externalRef: "order-7" }])
  })

  test("the reference that is made when none is given is printed, too", async () => {
    const service = await emulate(
      "heydonna",
      "--fault",
      "hang-after-commit@submit",
      "--fault",
      "reset-after-commit@submit:always",
    )
    const ended = await run(["run", ...project, "--base-url", service.url, "--within", "2s", "--json"])
    expect(ended.code).toBe(11)
    const reference = at(ended.lines.at(-1), "failure.reference")
    expect(reference).toMatch(/^[0-9a-f-]{36}$/)
    expect(String(at(ended.lines.at(-1), "reconcile"))).toContain(String(reference))
    const { ledger, requests } = await service.stop()
    expect(submits(requests)).toHaveLength(1)
    expect(ledger["operations"]).toMatchObject([{ externalRef: reference }])
  })

  test("an interrupted submit that may have been taken tells how to reconcile, as one whose answer is lost does", async () => {
    for (const extra of [["--json"], []]) {
      const service = await emulate("heydonna", "--fault", "hang-after-commit@submit")
      const running = tenuto([
        "run",
        ...project,
        "--base-url",
        service.url,
        "--journal",
        join(directory(), "j"),
        ...extra,
      ])
      await service.request("submit")
      running.child.kill("SIGINT")
      const ended = await running.ended
      expect([ended.code, ended.err]).toEqual([130, expect.stringContaining("may have been accepted")])
      const [, reference] = /"reference":"([0-9a-f-]{36})"/.exec(ended.err) ?? []
      expect((await service.stop()).ledger["operations"]).toMatchObject([{ externalRef: reference }])
      expect(goOn(ended)).toMatch(/^tenuto settle /)
      if (extra.length > 0) expect(at(ended.lines.at(-1), "reconcile")).toContain(reference)
    }
  })

  test("what does nothing twice has nothing to reconcile: it is asked for again", async () => {
    const service = await emulate("heydonna", "--fault", "reset-after-commit@submit:always")
    const list = ["heydonna", "templates.list", "--input", "{}", "--base-url", service.url, "--within", "1s"]
    const ended = await run(["run", ...list, "--json"])
    expect(ended.code).toBe(11)
    expect(ended.lines.at(-1)).not.toHaveProperty("reconcile")
    expect(ended.err).not.toContain("put its id in the place of ID")
    expect(ended.err).not.toContain("nothing is sent again by itself")
    expect(goOn(ended)).toBe(`tenuto run heydonna templates.list --input '{}' --base-url ${service.url}`)
    await service.stop()
  })

  test("a port that is closed is tried again, and makes one POST in all", async () => {
    const port = await closedPort()
    const running = tenuto(["run", ...project, "--base-url", `http://127.0.0.1:${port}`, "--json"])
    // It has been refused at least once before anybody listens.
    await running.line((line) => at(line, "event._tag") === "Rejected")
    const service = await emulate("heydonna", "--port", String(port), "--work", "300ms")
    const ended = await running.ended
    expect([ended.code, ended.lines.at(-1)?.["outcome"]]).toEqual([0, "Succeeded"])
    const { ledger, requests } = await service.stop()
    expect(submits(requests)).toHaveLength(1)
    expect(ledger["operations"]).toHaveLength(1)
  })

  test("details of the service are on no stream and in no journal", async () => {
    const secret = "5ecretdetails"
    const server = createServer((_, response) => {
      response.writeHead(502, { "content-type": "application/json" })
      const error = "Failed to download audio from the provided URL"
      response.end(JSON.stringify({ error, details: `https://bucket.test/a.mp3?sig=${secret}` }))
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    onTestFinished(() => void server.close())
    const journal = join(directory(), "jobs.db")
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    for (const extra of [[], ["--json"]]) {
      const ended = await run(["run", ...project, "--base-url", base, "--journal", journal, ...extra])
      expect(ended.code).toBe(10)
      expect(ended.err).toContain("source file cannot be used")
      expect(ended.out + ended.err).not.toContain(secret)
    }
    expect(readFileSync(journal).includes(secret)).toBe(false)
  })

  test("delivers to the address of its settings, signed, while it is emulated", async () => {
    const seen: Array<{ readonly signature: string; readonly body: string }> = []
    const server = createServer((request, response) => {
      let body = ""
      request.setEncoding("utf8").on("data", (text: string) => (body += text))
      request.on("end", () => {
        seen.push({ signature: String(request.headers["x-heydonna-signature"]), body })
        response.end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    onTestFinished(() => void server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
    const service = await emulate("heydonna", "--work", "200ms", "--webhook-secret", "s3cret", "--webhook-url", url)
    const ended = await run(["run", ...project, "--base-url", service.url, "--reference", "order-8", "--json"])
    expect(ended.code).toBe(0)
    await expect.poll(() => seen.length).toBe(1)
    expect(seen[0]?.signature).toMatch(/^sha256=[0-9a-f]{64}$/)
    expect(JSON.parse(seen[0]?.body ?? "")).toMatchObject({ event: "project.ready", externalRef: "order-8" })
    await service.stop()
  })

  test("templates are listed by an operation that settles at once", async () => {
    const service = await emulate("heydonna")
    const ended = await run(["run", "heydonna", "templates.list", "--input", "{}", "--base-url", service.url, "--json"])
    expect([ended.code, ended.lines.at(-1)?.["outcome"]]).toEqual([0, "Succeeded"])
    await service.stop()
  })
})

describe("overten", () => {
  test("a document is made, and downloaded over a redirect that never sees the key", async () => {
    const service = await emulate("overten", "--work", "300ms")
    const out = directory()
    const args = ["--base-url", service.url, "--set", "tier=enterprise", "--out", out, "--json"]
    const ended = await run(["run", ...letter, ...args])
    expect([ended.code, ended.err]).toEqual([0, ""])
    // The editor is a page to open, not a file to keep.
    expect(readdirSync(out)).toEqual([expect.stringMatching(/\.document\.docx$/)])
    const { ledger } = await service.stop()
    expect(ledger).toMatchObject({ operations: [{}], leaks: 0 })
  })

  test.each(["bearer", "x-api-key"])("the credential travels as %s", async (auth) => {
    const service = await emulate("overten", "--work", "100ms")
    const ended = await run([
      "run",
      ...letter,
      "--base-url",
      service.url,
      "--set",
      `auth=${auth}`,
      "--set",
      "tier=enterprise",
    ])
    expect(ended.code).toBe(0)
    await service.stop()
  })

  test("a request that takes too long is asked for again in another form, once, under another key", async () => {
    const service = await emulate("overten", "--work", "2s", "--hold", "300ms", "--set", "ceiling=refuse")
    const sync = ["overten", "word.generate", "--input", '{"prompt":"A letter"}', "--key", "k-1"]
    const ended = await run(["run", ...sync, "--base-url", service.url, "--set", "tier=enterprise", "--json"])
    expect(ended.code).toBe(0)
    expect(at(ended.lines.at(-1), "handle.key")).toBe("k-1-upgraded")
    expect(submits((await service.stop()).requests)).toHaveLength(2)
  })

  test("a file is uploaded by its path", async () => {
    const service = await emulate("overten")
    const file = join(directory(), "brief.pdf")
    writeFileSync(file, "%PDF-1.7 not really")
    const input = JSON.stringify({ file: { "@file": file } })
    const ended = await run(["run", "overten", "files.upload", "--input", input, "--base-url", service.url, "--json"])
    expect([ended.code, ended.err]).toEqual([0, ""])
    expect((await service.stop()).ledger["uploads"]).toMatchObject([{ name: "brief.pdf", type: "application/pdf" }])
    const missing = JSON.stringify({ file: { "@file": "nowhere.pdf" } })
    const refused = await run([
      "run",
      "overten",
      "files.upload",
      "--input",
      missing,
      "--base-url",
      "http://127.0.0.1:9",
    ])
    expect([refused.code, refused.err]).toEqual([64, expect.stringContaining("nowhere.pdf cannot be read")])
  })

  test("a setting that there is not is told with those there are, and kept in the way to go on", async () => {
    const service = await emulate("overten", "--work", "1 minute")
    const wrong = await run(["run", ...letter, "--base-url", service.url, "--set", "tire=pro"])
    expect([wrong.code, wrong.err]).toEqual([64, expect.stringContaining("did you mean tier?")])
    const late = ["--set", "tier=enterprise", "--within", "2s"]
    const ended = await run(["run", ...letter, "--base-url", service.url, ...late])
    expect(ended.code).toBe(15)
    expect(goOn(ended)).toContain("--set tier=enterprise")
    await service.stop()
    const unknown = await run(["emulate", "overten", "--set", "ceiling=glass"])
    expect([unknown.code, unknown.err]).toEqual([64, expect.stringContaining("promote or refuse or name")])
  })
})

describe("whisul", () => {
  test("a song is made by the address that the service gave, and its files are fetched", async () => {
    const service = await emulate("whisul", "--work", "300ms")
    const out = directory()
    const ended = await run(["run", ...waltz, "--base-url", service.url, "--out", out, "--json"])
    expect(ended.code).toBe(0)
    expect(at(ended.lines.at(-1), "handle.locator")).toMatch(/^\/jobs\//)
    // No page names a type, but the address does.
    const endings = readdirSync(out).map((file) => file.split(".").slice(1).join("."))
    expect(endings.toSorted()).toEqual(["image.jpg", "song.mp3"])
    expect((await service.stop()).ledger["operations"]).toHaveLength(1)
  })

  test("a limit is waited out", async () => {
    const service = await emulate("whisul", "--work", "100ms", "--limit", "1/6s")
    const first = tenuto(["submit", ...waltz, "--base-url", service.url])
    expect((await first.ended).code).toBe(0)
    const second = await run(["submit", ...waltz, "--base-url", service.url])
    expect(second.code).toBe(0)
    const { requests } = await service.stop()
    expect(submits(requests).map(({ status }) => status)).toContain(429)
  })
})

test.each([
  ["overten", "submit", "501", "NotImplemented"],
  ["overten", "submit", "409", "Conflict"],
  ["heydonna", "look", "404", "NotFound"],
  ["whisul", "look", "404", "NotFoundOrGone"],
])("explain %s %s %s names the reason %s, and the page that says so", async (service, stage, seen, reason) => {
  const ended = await run(["explain", service, stage, seen, "--json"])
  expect(ended.lines[0]).toMatchObject({
    service,
    reason: { _tag: reason },
    source: expect.stringMatching(/S00\d|W:|contract/),
  })
})

/** What a person would find on the service's own pages: the id of the first project, which its seed decides. */
const firstProject = (): Promise<string> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const { handler, ledger } = yield* HeyDonnaEmulator.make()
      const body = new TextEncoder().encode(project[3])
      const headers = { authorization: "Bearer any", "content-type": "application/json" }
      yield* handler({ method: "POST", url: "http://heydonna.test/api/projects", headers, body })
      return String((yield* ledger).operations[0]?.id)
    }),
  )
