import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { DateTime, Duration, Schema } from "effect"
import { describe, expect, it, onTestFinished } from "vitest"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import { createKit } from "@tenuto/testkit/Promise"
import * as Report from "@tenuto/testkit/Report"
import * as Timeline from "@tenuto/testkit/Timeline"
import * as Chromium from "../../transport-fetch/test/browser/chromium.ts"
import { apiKey, play } from "./choir.ts"

/** A page's elements, in order: whatever a text does to them is an injection. */
const elements = (html: string) => Array.from(html.matchAll(/<\/?[a-z!][^\s>]*/gi), ([tag]) => tag)

const entryOf = (text: string): Timeline.Entry => ({
  at: Duration.seconds(1),
  until: Duration.seconds(2),
  lane: "client",
  kind: "pause",
  what: text,
  detail: text,
  about: { work: text, name: text, state: text, says: text },
  evidence: { [text]: text },
})
const everywhere = (text: string): string =>
  Report.html(
    [
      entryOf(text),
      ...(["wire", "service", "webhooks"] as const).map((lane) => ({ ...entryOf(text), lane, kind: "sends" as const })),
      { ...entryOf(text), lane: "service", kind: "fault" },
    ],
    { title: text, ended: text, replay: text, facts: { [text]: text } },
  )

const hostile = [
  "</title></style></script><script>globalThis.isTaken = true</script>",
  `"><img src="http://127.0.0.1:9/x" onerror="globalThis.isTaken = true">`,
  "' autofocus onfocus='globalThis.isTaken = true' x='",
  "&lt;b&gt; &#60;b&#62; <!-- ]]> <?xml ?>",
  "\u202Egnp.exe\u2066\u0000\u001B[2J\uD800\u2028\nnext",
  "javascript:alert(1)",
]

/** A hand-written client on the kit: nobody watches it, and the wire is its own. */
const foreign = async () => {
  const kit = await createKit({
    service: async ({ method }) => {
      if (method === "GET") await new Promise<void>((resolve) => void setTimeout(resolve, 20_000))
      return Response.json({ id: "op_1" }, { status: method === "GET" ? 200 : 202 })
    },
    faults: ["429=30@submit", "pass@look", "reset-before-commit@look"],
  })
  await kit.run(async ({ fetch, url }) => {
    const post = () => fetch(`${url}/songs`, { method: "POST" })
    await post()
    await new Promise<void>((resolve) => void setTimeout(resolve, 30_000))
    await post()
    for (let looks = 0; looks < 2; looks++) await fetch(`${url}/songs/op_1`).catch(() => undefined)
  })
  return kit
}

/** Six hundred entries and more: bursts, an hour's pause, letters, faults on every lane. */
const long = async () => {
  const faults = ["reset-after-commit@submit", "429=3600@submit:2", "503@look:9", "html@look:3", "doubled@webhook"]
  const { entries } = await play({ faults, songs: 5, isListening: true, work: "6 minutes", within: "3 hours" })
  return entries
}

describe("a page", () => {
  it.each(hostile)("takes what a run says for text: %j", (text) => {
    const html = everywhere(text)
    expect(elements(html)).toEqual(elements(everywhere("x".repeat(text.length))))
    expect(html.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u)
  })

  it("is whole in itself: it names nothing to load, and forbids it", async () => {
    const html = Report.html(await long())
    expect(html).toContain(`content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;; img-src data:"`)
    expect(html).not.toMatch(/<(script|img|iframe|object|base|form)\b|@import|url\(|https?:/i)
  })

  it("sums the run up", async () => {
    const { entries, timeline } = await play({ faults: ["429=30@submit", "503@look"] })
    const html = Report.html(entries, { title: "A waltz", replay: "tenuto replay --seed 7" })
    const text = html
      .replaceAll(/<style>.*<\/style>/gs, "")
      .replaceAll(/<[^>]*>/g, " ")
      .replaceAll(/\s+/g, " ")
    expect(text).toContain(`A waltz Succeeded, &quot;sung&quot; took 1m 25s 64ms requests 6 faults 2 operations 1`)
    expect(text).toContain(`hash ${Timeline.hash(timeline)}`)
    expect(text).toContain("play it again tenuto replay --seed 7")
    expect(text).not.toContain(apiKey)
  })

  /** The rows as they are read: cells from left to right, without what a pointer shows. */
  const rowsOf = (html: string) =>
    html
      .slice(html.indexOf("<tbody>"))
      .replaceAll(/<div class="evidence".*?<\/dl><\/div>/gs, "")
      .split("<tr")
      .slice(1)
      .map((row) =>
        Array.from(row.matchAll(/<td class="(?!track)[^>]*>(.*?)<\/td>/gs), ([, cell = ""]) =>
          cell
            .replaceAll(/<[^>]*>/g, " ")
            .replaceAll(/\s+/g, " ")
            .trim(),
        ),
      )

  it("puts what belongs together side by side, and cuts an hour short", async () => {
    const { entries } = await play({ faults: ["429=3600@submit"], within: "2 hours", work: "1 second" })
    expect(rowsOf(Report.html(entries))).toEqual([
      ["0:00.000", "drafted Drafted", "", ""],
      ["", "sends Uncertain", "POST /v1/songs", "received fault 429"],
      ["", "rejected Drafted RateLimited, 429, asked for 1h", "answered 429", "answered 429"],
      ["", "sends again in 1h 10m 7s 569ms the service asked, after 429", "", ""],
      ["1h 10m 7s", "", ""],
      ["1:10:07.569", "sends Uncertain", "POST /v1/songs", "received"],
      ["", "accepted Pending as op#1", "answered 202", "answered 202"],
      ["", "looks held up to 20s", "GET /v1/songs/op#1", "received"],
      ["1s", "", "waiting for the answer", ""],
      ["1:10:08.569", "observed Succeeded &quot;sung&quot;", "answered 200", "answered 200"],
    ])
  })

  it("is no longer for a day than for a minute", async () => {
    const heights = async (span: string) => {
      const { entries } = await play({ faults: [`429=${span}@submit`], within: "2 days", work: "1 second" })
      return Array.from(Report.html(entries).matchAll(/height:(\d+)px/g), ([, height]) => Number(height))
    }
    const [minute, day] = [await heights("60"), await heights("86400")]
    expect(day).toHaveLength(minute.length)
    expect(Math.max(...day)).toBeLessThanOrEqual(60)
    expect(Math.max(...day)).toBeGreaterThan(Math.max(...minute))
  })

  it("is the same for the same run", async () => {
    const [one, two] = await Promise.all([play({ songs: 2 }), play({ songs: 2, carrier: "loopback" })])
    expect(Report.html(one.entries)).toBe(Report.html(two.entries))
  })

  it("of a client that is not ours names what it asked for, and nothing that nobody watched", async () => {
    await using kit = await foreign()
    const html = kit.report()
    expect(rowsOf(html)).toEqual([
      ["0:00.000", "POST /songs fault 429 answered 429"],
      ["30s", ""],
      ["0:30.000", "POST /songs answered 202"],
      ["", "GET /songs/op#1"],
      ["20s", "waiting for the answer"],
      ["0:50.000", "answered 200 GET /songs/op#1"],
      ["", "GET /songs/op#1 fault reset-before-commit reset"],
    ])
    expect(html).not.toContain("operations")
  })

  it("can be made of nothing", () => {
    expect(Report.html([])).toContain("<title>A run</title>")
  })
})

describe("a history", () => {
  const events = (journal: string) =>
    journal.split("\n").map((line) => Schema.decodeSync(Schema.fromJsonString(Lifecycle.Event))(line))

  it("tells what its journal kept as the run itself did, and of no pause that nobody knows", async () => {
    const { entries, journal } = await play({ faults: ["reset-after-commit@submit", "429=30@submit", "503=7@look"] })
    const words = (from: ReadonlyArray<Timeline.Entry>) =>
      from.filter(({ lane }) => lane === "client").map(({ at, detail, what }) => [Duration.toMillis(at), what, detail])
    const told = words(Report.fromHistory(events(journal)))
    const lived = words(entries).filter(([, what, detail]) => what !== "looks" && !String(detail).includes("singing"))
    expect(told.filter(([, what]) => !String(what).startsWith("waits"))).toEqual(lived)
    expect(told.filter(([, what]) => String(what).startsWith("waits"))).toEqual([])
  })

  it("says where it cannot know", async () => {
    const { journal } = await play({ work: "50 seconds" })
    const told = Report.fromHistory(events(journal)).map(({ what }) => what)
    expect(told).toEqual(["drafted", "sends", "accepted", "waits 40s", "observed"])
  })

  it("shows ids as they are where it is asked to, and counts from where it is told", async () => {
    const { journal } = await play()
    const history = events(journal)
    const since = DateTime.subtract(history[0]?.at ?? DateTime.makeUnsafe(0), { hours: 1 })
    const told = Report.fromHistory(history, { since, ids: [] })
    expect(told[0]?.at).toEqual(Duration.hours(1))
    expect(told.map(({ detail }) => detail).join()).toContain("op_10f")
    expect(Report.fromHistory([])).toEqual([])
  })
})

// --- in a browser -------------------------------------------------------------------------------

const { executable } = Chromium
const isRequired = process.env["CI"] === "true"
if (executable === undefined) console.warn("SKIPPED: no page was opened, for there is no chromium")

/** Open a page from a file, in a window of a laptop. */
const show = async (html: string) => {
  const directory = mkdtempSync(join(tmpdir(), "tenuto-report-"))
  const file = join(directory, "report.html")
  writeFileSync(file, html)
  const page = await Chromium.open(executable ?? "chromium", "about:blank")
  onTestFinished(async () => {
    await page.close()
    rmSync(directory, { recursive: true })
  })
  for (const domain of ["Network", "Log", "Runtime"]) await page.call(`${domain}.enable`)
  await page.call("Emulation.setDeviceMetricsOverride", {
    width: 1280,
    height: 800,
    deviceScaleFactor: 1,
    mobile: false,
  })
  await page.visit(pathToFileURL(file).href)
  const complaints = () => ["Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"].flatMap(page.heard)
  const loaded = () =>
    page.heard("Network.requestWillBeSent").map(({ request }) => (request as { readonly url: string }).url)
  return {
    ...page,
    complaints,
    loaded: () => loaded().filter((url) => !url.startsWith("file:") && !url.startsWith("data:")),
  }
}

/** The contrast of every text that is shown with what is behind it; those that are too weak. */
const weak = `(() => {
  const rgb = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number)
  const light = ([r, g, b]) => [r, g, b].map((one) => one / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, index) => sum + c * [0.2126, 0.7152, 0.0722][index], 0)
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const found = rgb(getComputedStyle(at).backgroundColor)
      if (found.length === 3 || found[3] > 0) return found
    }
    return [255, 255, 255]
  }
  const found = new Set()
  for (const element of document.querySelectorAll("h1, p, dt, dd, li, th, td, span")) {
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "")) continue
    const [one, other] = [light(rgb(getComputedStyle(element).color)), light(behind(element))].toSorted((a, b) => b - a)
    if ((one + 0.05) / (other + 0.05) < 4.5) found.add(element.tagName + "." + element.className)
  }
  return [...found]
})()`

/** Entries that lie on one another. */
const overlaps = `(() => {
  const boxes = [...document.querySelectorAll(".entry")].map((element) => element.getBoundingClientRect())
  return boxes.filter((a, i) => boxes.slice(i + 1, i + 20).some((b) =>
    a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)).length
})()`

/** Go to entries all over the page with the keyboard's means, and see whether its evidence is there and within the window. */
const reach = `(() => [...document.querySelectorAll(".entry")].filter((entry, index, all) => {
  if (index % Math.ceil(all.length / 60) > 0 && !entry.closest(".webhooks")) return false
  entry.focus()
  const evidence = entry.querySelector(".evidence")
  const box = evidence.getBoundingClientRect()
  return document.activeElement !== entry || getComputedStyle(evidence).display !== "block" ||
    evidence.innerText.trim() === "" || box.left < 0 || box.right > 1280 || box.width < 60
}).length)()`

describe.skipIf(executable === undefined && !isRequired)("in a browser", () => {
  const sizes = [
    ["one entry", async () => (await play()).entries.slice(0, 1)],
    ["hundreds of entries", long],
    ["a service alone", async () => (await long()).filter(({ lane }) => lane === "service")],
    ["a service and letters", async () => (await long()).filter(({ lane }) => /service|webhooks/.test(lane))],
    ["a client and a service", async () => (await long()).filter(({ lane }) => /service|client/.test(lane))],
  ] as const

  it.each(sizes)("shows all of it, loads nothing and complains of nothing: %s", async (_, make) => {
    const entries = await make()
    const page = await show(Report.html(entries, { title: "A run", replay: "tenuto replay --seed 7" }))
    expect(await page.evaluate("document.querySelectorAll('.entry').length")).toBe(entries.length)
    const whats = await page.evaluate("[...document.querySelectorAll('.evidence > p')].map((p) => p.textContent)")
    expect((whats as ReadonlyArray<string>).toSorted()).toEqual(
      entries.map(({ lane, what }) => `${lane}: ${what}`).toSorted(),
    )
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(1280)
    expect(await page.evaluate("document.querySelector('th.time').offsetWidth")).toBeLessThan(120)
    expect(await page.evaluate(overlaps)).toBe(0)
    expect(await page.evaluate(reach)).toBe(0)
    for (const value of ["light", "dark"]) {
      await page.call("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value }] })
      expect(await page.evaluate(weak)).toEqual([])
    }
    const grounds = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    expect(grounds).toBe("rgb(13, 17, 23)")
    expect([page.loaded(), page.complaints()]).toEqual([[], []])
  })

  it("is gone through with the keyboard", async () => {
    const page = await show(Report.html((await play({ faults: ["429=30@submit"] })).entries))
    const tab = () =>
      page.call("Input.dispatchKeyEvent", { type: "keyDown", key: "Tab", code: "Tab", windowsVirtualKeyCode: 9 })
    const seen: Array<unknown> = []
    for (let i = 0; i < 3; i++) {
      await tab()
      seen.push(await page.evaluate("document.activeElement.querySelector('.evidence').innerText.split('\\n')[0]"))
    }
    expect(seen).toEqual(["client: drafted", "client: sends", "wire: sent"])
  })

  it("runs nothing and loads nothing that a run says", async () => {
    const page = await show(everywhere(hostile.join(" ")))
    expect(await page.evaluate("globalThis.isTaken ?? document.querySelectorAll('script, img').length")).toBe(0)
    expect([page.loaded(), page.complaints()]).toEqual([[], []])
  })

  it("fits on paper, without what only a pointer shows", async () => {
    const page = await show(Report.html(await long()))
    await page.call("Emulation.setEmulatedMedia", { media: "print" })
    await page.evaluate("document.querySelector('.entry').focus()")
    const shown =
      "[...document.querySelectorAll('.evidence')].filter((one) => getComputedStyle(one).display !== 'none').length"
    expect(await page.evaluate(shown)).toBe(0)
  })
})
