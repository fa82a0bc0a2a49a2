/**
 * Lays a timeline out from top to bottom: what belongs to one exchange stands side by side, and idle time is a gap.
 *
 * ```text
 * sends ──▶ sent ──▶ received, fault      one row outward
 * rejected ◀── answered ◀── answered      one row back
 * ```
 */
import * as Duration from "effect/Duration"
import type { Entry, Kind, Lane } from "./entry.ts"

/** What is true of one piece of work while a row passes. */
export interface Mark {
  readonly state: string
  readonly isPaused: boolean
}

/** Entries that stand side by side. */
export interface Row {
  readonly _tag: "Row"
  readonly at: number
  readonly kind: Kind
  readonly cells: Readonly<Record<Lane, ReadonlyArray<Entry>>>
  readonly marks: ReadonlyArray<Mark | undefined>
}

/** Time in which nothing happened. `flying` requests were under way. */
export interface Gap {
  readonly _tag: "Gap"
  readonly span: Duration.Duration
  /** Between 0 and 1: how long it is beside the others. */
  readonly length: number
  readonly flying: number
  readonly marks: ReadonlyArray<Mark | undefined>
}

/** The whole page. */
export interface Layout {
  readonly rows: ReadonlyArray<Row | Gap>
  /** How many pieces of work are drawn beside each other. */
  readonly tracks: number
  /** Entries that change what is true of their work. */
  readonly news: ReadonlySet<Entry>
}

const millis = ({ at }: Pick<Entry, "at">): number => Duration.toMillis(at)

// --- rows ---------------------------------------------------------------------------------------

interface Open {
  readonly at: number
  readonly kind: Kind
  readonly cells: Record<Lane, Array<Entry>>
}

/** Real clocks move between two lines of one exchange, and a journal is written there. What comes between parts them anyway. */
const together = 1000

/** Beyond as many pieces of work side by side, those that come later are drawn without a mark. */
const mostTracks = 24

const open = (entry: Entry): Open => {
  const cells: Open["cells"] = { client: [], wire: [], service: [], webhooks: [] }
  cells[entry.lane].push(entry)
  return { at: millis(entry), kind: entry.kind, cells }
}

const isFree = (row: Open, lane: Lane): boolean => row.cells[lane].length === 0

/** Find the row that an entry goes on with. */
const partner = (rows: ReadonlyArray<Open>, entry: Entry, isWatched: boolean): Open | undefined => {
  const { detail, kind, lane } = entry
  const last = rows.at(-1)
  if (last === undefined) return undefined
  const isClose = millis(entry) - last.at <= together
  const isAbout = (row: Open, other: Lane) => row.cells[other].some((one) => one.detail === detail)
  const near = (fits: (row: Open) => boolean) =>
    rows.findLast((row, index) => row.at === millis(entry) && index >= rows.length - 8 && fits(row))
  switch (`${lane} ${kind}`) {
    case "wire sends":
      if (isClose && last.kind === "sends" && !isFree(last, "client") && isFree(last, "wire")) return last
      return near((row) => row.cells.service.some((one) => one.kind === "fault") && isFree(row, "wire"))
    case "service sends":
    case "service fault":
      return near(
        (row) =>
          row.kind === "sends" &&
          (isAbout(row, "wire") || isAbout(row, "service")) &&
          row.cells.service.every((one) => one.kind !== kind),
      )
    case "service answers":
      // Where nobody watched the wire, an answer stands beside its request.
      if (isWatched) return undefined
      return near(
        ({ cells, kind: is }) =>
          is === "sends" &&
          cells.service.some((one) => one.kind === "sends" && one.detail === detail) &&
          cells.service.every((one) => one.kind !== kind),
      )
    case "wire answers":
      return near((row) => row.kind === "answers" && isAbout(row, "service") && isFree(row, "wire"))
    case "client answers":
      return isClose && last.kind === "answers" && !isFree(last, "wire") && isFree(last, "client") ? last : undefined
    case "webhooks sends":
      return near((row) => row.cells.webhooks.some((one) => one.kind === "fault" && one.detail === detail))
    default:
      return undefined
  }
}

const gather = (entries: ReadonlyArray<Entry>, isWatched: boolean): ReadonlyArray<Open> => {
  const rows: Array<Open> = []
  for (const entry of entries) {
    const row = partner(rows, entry, isWatched)
    if (row === undefined) rows.push(open(entry))
    else row.cells[entry.lane].push(entry)
  }
  return rows
}

// --- marks --------------------------------------------------------------------------------------

interface Strand {
  readonly track: number
  readonly from: number
  readonly to: number
  state: string | undefined
  pause: number
}

/** Give each piece of work a track of its own for as long as it is told of. */
const strands = (rows: ReadonlyArray<Open>): ReadonlyMap<string, Strand> => {
  const spans = new Map<string, { from: number; to: number }>()
  rows.forEach(({ cells }, index) => {
    for (const { about } of cells.client) {
      if (about === undefined) continue
      const span = spans.get(about.work)
      if (span === undefined) spans.set(about.work, { from: index, to: index })
      else span.to = index
    }
  })
  const ends: Array<number> = []
  const found = new Map<string, Strand>()
  for (const [work, { from, to }] of spans) {
    const free = ends.findIndex((end) => end < from)
    const track = free === -1 ? ends.length : free
    ends[track] = to
    found.set(work, { track, from, to, state: undefined, pause: -1 })
  }
  return found
}

/** Lay a timeline out. */
export const layout = (entries: ReadonlyArray<Entry>): Layout => {
  const isWatched = entries.some(({ lane }) => lane === "wire")
  const opened = gather(entries, isWatched)
  const works = strands(opened)
  const tracks = Math.min(mostTracks, Math.max(0, ...Array.from(works.values(), ({ track }) => track + 1)))
  const news = new Set<Entry>()
  const rows: Array<Row | Gap> = []
  const end = Math.max(0, ...entries.map(millis))
  const least = Math.max(1, Math.min(1000, end / 50))
  let [before, flying] = [0, 0]

  const marks = (index: number, isGap: boolean): ReadonlyArray<Mark | undefined> => {
    const drawn: Array<Mark | undefined> = Array.from({ length: tracks }, () => undefined)
    for (const { from, pause, state, to, track } of works.values()) {
      const isThere = isGap ? from < index && index <= to : from <= index && index <= to
      if (isThere && state !== undefined && track < tracks) drawn[track] = { state, isPaused: pause > before }
    }
    return drawn
  }
  opened.forEach((row, index) => {
    if (row.at - before >= least) {
      const length = Math.min(1, Math.log10((row.at - before) / least + 1) / 3)
      rows.push({ _tag: "Gap", span: Duration.millis(row.at - before), length, flying, marks: marks(index, true) })
    }
    before = Math.max(before, row.at)
    for (const entry of row.cells.client) {
      const strand = entry.about === undefined ? undefined : works.get(entry.about.work)
      if (entry.about === undefined || strand === undefined) continue
      if (strand.state !== entry.about.state) news.add(entry)
      strand.state = entry.about.state
      // Whatever happens to the work ends its pause.
      strand.pause = entry.until === undefined ? -1 : Duration.toMillis(entry.until)
    }
    for (const { kind } of row.cells[isWatched ? "wire" : "service"])
      flying = Math.max(0, flying + (kind === "sends" ? 1 : kind === "answers" ? -1 : 0))
    rows.push({ _tag: "Row", ...row, marks: marks(index, false) })
  })
  return { rows, tracks, news }
}
