/** Writes the page of a report: a head that sums up, and a table in which time flows downwards. It needs no script. */
import * as Duration from "effect/Duration"
import type { About, Entry, Lane } from "./entry.ts"
import { Markup, markup } from "./markup.ts"
import { type Gap, layout, type Layout, type Mark, type Row } from "./rows.ts"
import { style } from "./style.ts"

/** What stands above the table. */
export interface Head {
  readonly title: string
  readonly ended: string | undefined
  /** Colours how it ended. */
  readonly state: string | undefined
  readonly facts: ReadonlyArray<readonly [name: string, value: string]>
  /** Long facts, a line each. */
  readonly lines: ReadonlyArray<readonly [name: string, value: string]>
}

const lanes: ReadonlyArray<Lane> = ["client", "wire", "service", "webhooks"]

/** The class of a state: what ended without a result looks alike. */
const classOf = (state: string): string =>
  ["Drafted", "Uncertain", "Pending", "Succeeded"].includes(state) ? state : "Ended"

/** `1:02:31.169`: hours only where there are any. */
const clockOf = (millis: number): string => {
  const [hours, minutes, seconds] = [
    Math.floor(millis / 3_600_000),
    Math.floor(millis / 60_000) % 60,
    (millis / 1000) % 60,
  ]
  const rest = seconds.toFixed(3).padStart(6, "0")
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`
}

// --- one entry ----------------------------------------------------------------------------------

const lookCloser = ({ about, at, detail, evidence = {}, lane, until, what }: Entry): Markup => {
  const rows = [
    ["at", clockOf(Duration.toMillis(at))],
    ...(until === undefined ? [] : [["until", clockOf(Duration.toMillis(until))] as const]),
    ...(about === undefined
      ? [[lane === "client" ? "detail" : "request", detail] as const]
      : [["work", about.name] as const, ["state", about.state] as const, ["says", about.says] as const]),
    ...Object.entries(evidence).map(([name, value]) => [name, String(value)] as const),
  ] as const
  const shown = rows.filter(([, value]) => value !== "")
  return markup`<div class="evidence" role="tooltip"><p>${lane}: ${what}</p><dl>${shown.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`)}</dl></div>`
}

const entryOf = (entry: Entry, classes: string, inside: Markup): Markup =>
  markup`<div class="entry ${classes}" tabindex="0">${inside}${lookCloser(entry)}</div>`

const clientOf = (entry: Entry, { news }: Layout, nameOf: (about: About) => string): Markup => {
  const { about, detail, kind, what } = entry
  const says = about === undefined ? detail : about.says
  const short = about === undefined ? "" : nameOf(about)
  const name = short === "" ? undefined : markup` <span class="name">${short}</span>`
  const state =
    about !== undefined && news.has(entry)
      ? markup` <span class="state ${classOf(about.state)}"><i class="swatch"></i>${about.state}</span>`
      : undefined
  const rest = says === "" ? undefined : markup` <span class="says">${says}</span>`
  const text = markup`<span class="what">${what}</span>${name}${state}${rest}`
  return kind === "pause" ? entryOf(entry, "pause", markup`<span>${text}</span>`) : entryOf(entry, "", text)
}

/** The way out is named for the request, the way back for how it ended. */
const wireOf = (entry: Entry): Markup => {
  const { detail, kind, what } = entry
  const label = kind === "sends" ? detail : kind === "answers" ? what : `${what} ${detail}`
  const looks = kind === "sends" ? "" : classOfAnswer(entry)
  if (kind !== "sends" && kind !== "answers") return entryOf(entry, "", markup`<span class="label">${label}</span>`)
  return entryOf(entry, `arrow ${looks}`, markup`<span class="label">${label}</span>`)
}

const classOfAnswer = ({ evidence, what }: Entry): string => {
  if (!/^(?:answered|slowed) /.test(what)) return "broken"
  return Number(evidence?.["status"] ?? 200) >= 400 ? "refused" : ""
}

/** Where nobody watched the wire, the service names its requests itself, and what became of them beside. */
const exchangeOf = (entries: ReadonlyArray<Entry>): Markup => {
  const isAsked = entries.some(({ kind }) => kind === "sends")
  const drawn = (entry: Entry): Markup => {
    const { detail, kind, what } = entry
    if (kind === "fault") return entryOf(entry, "fault", markup`<span class="what">${what}</span>`)
    if (kind === "sends") return entryOf(entry, "", markup`<span class="label">${detail}</span>`)
    const rest = isAsked || detail === "" ? undefined : markup` <span class="says">${detail}</span>`
    return entryOf(entry, classOfAnswer(entry), markup`<span class="what">${what}</span>${rest}`)
  }
  const half = (isAsking: boolean) =>
    markup`<div>${entries.filter(({ kind }) => (kind === "sends") === isAsking).map(drawn)}</div>`
  return markup`<div class="exchange">${half(true)}${half(false)}</div>`
}

/** Of the service, what the wire says as well is said quietly. */
const otherOf = ({ cells }: Row, entry: Entry): Markup => {
  const { detail, kind, lane, what } = entry
  if (kind === "fault") return entryOf(entry, "fault", markup`<span class="what">${what}</span>`)
  const rest = lane === "webhooks" && detail !== "" ? markup` <span class="says">${detail}</span>` : undefined
  const isKnown = lane === "service" && (kind === "sends" || cells.wire.some((one) => one.what === what))
  return entryOf(entry, isKnown ? "quiet" : "", markup`<span class="what">${what}</span>${rest}`)
}

// --- rows ---------------------------------------------------------------------------------------

const tracksOf = (marks: ReadonlyArray<Mark | undefined>): ReadonlyArray<Markup> =>
  marks.map((mark) =>
    mark === undefined
      ? markup`<td class="track"></td>`
      : markup`<td class="track"><i class="${classOf(mark.state)} ${mark.isPaused ? "paused" : ""}"></i></td>`,
  )

const rowOf = (
  row: Row,
  shown: ReadonlyArray<Lane>,
  time: string,
  isFollowedByGap: boolean,
  draw: (row: Row, lane: Lane) => Markup | ReadonlyArray<Markup>,
): Markup => {
  const cells = shown.map((lane) => {
    const entries = row.cells[lane]
    const isPaused = lane === "client" && entries.some(({ kind }) => kind === "pause")
    const span = isPaused && isFollowedByGap ? markup` rowspan="2"` : undefined
    return markup`<td class="${lane} ${isPaused ? "paused" : ""}"${span}>${draw(row, lane)}</td>`
  })
  return markup`<tr class="${row.kind}"><td class="time">${time}</td>${tracksOf(row.marks)}${cells}</tr>\n`
}

/** Of a minute and more nobody reads the milliseconds. */
const roughly = (span: Duration.Duration): string => {
  const millis = Duration.toMillis(span)
  return Duration.format(millis < 60_000 ? span : Duration.seconds(Math.floor(millis / 1000)))
}

const gapOf = (gap: Gap, shown: ReadonlyArray<Lane>, isPaused: boolean): Markup => {
  const flying = gap.flying === 1 ? "waiting for the answer" : `waiting for ${gap.flying} answers`
  const cells = shown
    .filter((lane) => lane !== "client" || !isPaused)
    .map((lane) => {
      const inside =
        lane === carrierOf(shown) && gap.flying > 0 ? markup`<span class="flying">${flying}</span>` : undefined
      return markup`<td class="${lane}">${inside}</td>`
    })
  const height = Math.round(20 + 40 * gap.length)
  return markup`<tr class="gap" style="height:${height}px"><td class="time">${roughly(gap.span)}</td>${tracksOf(gap.marks)}${cells}</tr>\n`
}

/** The lane that names the requests: a client that is not watched is seen by its service alone. */
const carrierOf = (shown: ReadonlyArray<Lane>): Lane => (shown.includes("wire") ? "wire" : "service")

const body = (drawn: Layout, shown: ReadonlyArray<Lane>, nameOf: (about: About) => string): ReadonlyArray<Markup> => {
  let last = ""
  let isPaused = false
  const isWatched = carrierOf(shown) === "wire"
  const draw = (row: Row, lane: Lane): Markup | ReadonlyArray<Markup> => {
    const entries = row.cells[lane]
    if (lane === "client") return entries.map((entry) => clientOf(entry, drawn, nameOf))
    if (lane === "wire") return entries.map(wireOf)
    if (lane === "service" && !isWatched && entries.length > 0) return exchangeOf(entries)
    return entries.map((entry) => otherOf(row, entry))
  }
  return drawn.rows.map((row, index) => {
    if (row._tag === "Gap") return gapOf(row, shown, isPaused)
    const time = clockOf(row.at)
    const isFollowedByGap = drawn.rows[index + 1]?._tag === "Gap"
    isPaused = row.cells.client.some(({ kind }) => kind === "pause")
    const html = rowOf(row, shown, time === last ? "" : time, isFollowedByGap, draw)
    last = time
    return html
  })
}

/** A name says no more than tells one piece of work from the others: nothing of the only one. */
const naming = (entries: ReadonlyArray<Entry>): ((about: About) => string) => {
  const abouts = entries.flatMap(({ about }) => (about === undefined ? [] : [about]))
  const operationOf = ({ name }: About) => name.split(" ", 1)[0] ?? ""
  if (new Set(abouts.map(({ work }) => work)).size === 1) return () => ""
  const isOne = new Set(abouts.map(operationOf)).size === 1
  return (about) => (isOne ? about.name.slice(operationOf(about).length + 1) : "") || about.name
}

// --- the page -----------------------------------------------------------------------------------

const named: Readonly<Record<Lane, string>> = {
  client: "Client",
  wire: "Wire",
  service: "Service",
  webhooks: "Webhooks",
}

/** Nothing may be loaded, and no script may run: whatever a run says stays text. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

export const page = (entries: ReadonlyArray<Entry>, head: Head): string => {
  const drawn = layout(entries)
  const states = [...new Set(entries.flatMap(({ about }) => (about === undefined ? [] : [about.state])))]
  const shown = lanes.filter((lane) => entries.some((entry) => entry.lane === lane))
  const hasPauses = entries.some(({ kind }) => kind === "pause")
  const swatches = states.map((state) => markup`<li><i class="swatch ${classOf(state)}"></i>${state}</li>`)
  const ended =
    head.ended === undefined
      ? undefined
      : markup`<p class="ended"><i class="swatch ${classOf(head.state ?? "Drafted")}"></i>${head.ended}</p>`
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${head.title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<main>
<header>
<h1>${head.title}</h1>
${ended}
<dl class="facts">${head.facts.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}${head.lines.map(([name, value]) => markup`<div class="wide"><dt>${name}</dt><dd><code>${value}</code></dd></div>`)}</dl>
<ul class="legend">${swatches}${hasPauses ? markup`<li><i class="swatch hatched"></i>pause</li>` : undefined}</ul>
</header>
<table class="${shown.length < 3 ? "narrow" : ""}">
<colgroup><col class="time">${Array.from({ length: drawn.tracks }, () => markup`<col class="track">`)}${shown.map((lane, index) => markup`<col class="${index === 0 ? "rest" : lane}">`)}</colgroup>
<thead><tr><th class="time" scope="col">Time</th>${drawn.tracks === 0 ? undefined : markup`<td colspan="${drawn.tracks}"></td>`}${shown.map((lane) => markup`<th scope="col">${named[lane]}</th>`)}</tr></thead>
<tbody>
${body(drawn, shown, naming(entries))}</tbody>
</table>
</main>
</body>
</html>
`.html
}
