/**
 * Who holds a lease: a process that can be told from every other one, so that its death is seen at once.
 *
 * It never declares a process dead that may be alive: of a process on another machine, in another container, or out of
 * sight, it says nothing, and the lease runs its time.
 */
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import { readFileSync, readlinkSync } from "node:fs"
import { hostname, networkInterfaces } from "node:os"

/**
 * One process. `machine` names the kernel since its start and the container's own view of processes and time; `born` is
 * when the process started, so that a reused number is not mistaken for it. Either is empty when it cannot be known.
 */
export const Holder = Schema.Struct({
  machine: Schema.String,
  pid: Schema.Int.check(Schema.isGreaterThan(0)),
  born: Schema.String,
})
export type Holder = typeof Holder.Type

const Line = Schema.fromJsonString(Holder)
const decode = Schema.decodeUnknownOption(Line)

/** Write a holder as one line of JSON. */
export const write = Schema.encodeSync(Line)

/** Read a holder; `undefined` when a later release wrote it in another way. */
export const read = (text: unknown): Holder | undefined => Option.getOrUndefined(decode(text))

/** This process. */
export const self = (): Holder => ({
  machine: machine(),
  pid: process.pid,
  born: bornOf(process.pid)?.ticks ?? "",
})

/** Whether a holder is certainly dead, as seen from `here`. */
export const isGone = (holder: Holder, here: Holder): boolean => {
  if (holder.machine === "" || holder.machine !== here.machine) return false
  if (!isPresent(holder.pid)) return true
  const found = bornOf(holder.pid)
  // A process that ended and was not yet waited for by its parent keeps its number, and does nothing any more.
  return found !== undefined && (found.isDefunct || (holder.born !== "" && found.ticks !== holder.born))
}

/** Whether the system knows a process of this number; one that we may not signal is present too. */
const isPresent = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (cause) {
    return !(Predicate.hasProperty(cause, "code") && cause.code === "ESRCH")
  }
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: state is field 3, start time 22; a name may hold anything. */
const bornOf = (pid: number): { readonly ticks: string; readonly isDefunct: boolean } | undefined => {
  const stat = text(() => readFileSync(`/proc/${pid}/stat`, "utf8"))
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  const ticks = fields[19]
  return ticks === undefined ? undefined : { ticks, isDefunct: fields[0] === "Z" || fields[0] === "X" }
}

const machine = (): string => {
  if (process.platform !== "linux") return digest([hostname(), ...addresses()])
  const boot = text(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8"))
  const processes = text(() => readlinkSync("/proc/self/ns/pid"))
  return boot === "" || processes === ""
    ? ""
    : digest([boot, processes, text(() => readlinkSync("/proc/self/ns/time"))])
}

const addresses = (): ReadonlyArray<string> =>
  Object.values(networkInterfaces())
    .flatMap((nets) => nets ?? [])
    .filter((net) => !net.internal)
    .map((net) => net.mac)
    .toSorted()

const digest = (parts: ReadonlyArray<string>): string =>
  createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 32)

const text = (read: () => string): string => {
  try {
    return read().trim()
  } catch {
    return ""
  }
}
