/**
 * Decides when time may move: nothing runnable, nothing on a wire, no hold, and a few quiet turns of the event loop.
 *
 * It never moves time while anything of that is open, and fires one timer at a time: what a timer sets off has come to
 * rest before the next one fires, even at the same instant.
 */
import { dice } from "./dice.ts"
import { turn, underWay } from "./host.ts"
import type { Most } from "./rush.ts"
import { type Timer, Timers } from "./timers.ts"
import { type Timekeeper, Trip } from "./trip.ts"
import { Watch, type Watched } from "./watch.ts"

export interface Hold {
  readonly label: string
  readonly parks: boolean
  /** Whether it is for a request that this process answers itself. */
  readonly isHome: () => boolean
}

export interface Options extends Most {
  readonly start: number
  readonly seed: number | undefined
  readonly stuckAfter: number
  readonly moves: Moves
}

/**
 * When time moves: by itself, only as far as it is told, or as far as it is told and for as long as a service holds a
 * request of a foreign client.
 */
export type Moves = "freely" | "told" | "held"

// Before time moves, one turn for promises that resume each other, and one to see that they have come to rest; a
// message at the present instant needs the first only.
const turnsOfJump = 2
const turnsOfMessage = 1
// No date is later.
const lastInstant = 8_640_000_000_000_000
// For what has come to be read and answered.
const turnsOfFence = 3

const calm = async (): Promise<void> => {
  for (let i = 0; i < turnsOfFence; i++) await new Promise<void>(turn)
}

export class Engine implements Timekeeper, Watched {
  readonly start: number
  readonly seed: number
  now: number
  private readonly die: ((sides: number) => number) | undefined
  private readonly timers = new Timers()
  private readonly holds = new Set<Hold>()
  private strict = 0
  private parking = 0
  private readonly trips = new Map<number, Trip>()
  private readonly fences = new Set<() => Promise<void>>()
  readonly watch: Watch
  private readonly moves: Moves
  /** Time does not pass it by itself. */
  private horizon: number
  /** How many want it to pass by itself. */
  private frees = 0
  private readonly arrivals: Array<() => void> = []
  private busy = 0
  private parked = 0
  private runnable = 0
  private orders = 0
  private ids = 0
  pulse = 0
  signs = 0
  /** The pulse at which all wires of this process were seen to be at rest. */
  private restedAt = -1
  private isProving = false
  private seenPulse = -1
  private quiet = 0
  private isScheduled = false
  private isClosed = false

  constructor(options: Options) {
    this.start = options.start
    this.now = options.start
    this.seed = options.seed ?? 0
    // Seed 0 is the order in which everything was set.
    this.die = this.seed === 0 ? undefined : dice(this.seed)
    this.watch = new Watch(this, options)
    this.moves = options.moves
    this.horizon = options.moves === "freely" ? Infinity : options.start
  }

  // ---- what may happen -------------------------------------------------------------------------------------------

  nextOrder(): number {
    return this.orders++
  }

  /** Set a timer; the answer removes it. */
  at(instant: number, label: () => string, fire: () => void, order?: number): () => void {
    const timer = this.set(instant, label, fire, order)
    return () => this.unset(timer)
  }

  set(instant: number, label: () => string, fire: () => void, order: number = this.nextOrder()): Timer {
    const turns = instant > this.now ? turnsOfJump : turnsOfMessage
    const at = instant === Infinity ? instant : Math.min(instant, lastInstant)
    const timer: Timer = { at, order, label, turns, fire, isWeak: false, live: true }
    this.timers.add(timer)
    this.touch()
    return timer
  }

  unset(timer: Timer): void {
    this.timers.drop(timer)
    this.touch()
  }

  get pendingTimers(): number {
    return this.timers.size
  }

  taskAdded(): void {
    this.runnable++
  }

  taskDone(): void {
    this.runnable--
    this.touch()
  }

  // ---- what is under way -----------------------------------------------------------------------------------------

  hold(label: string, parks: boolean, isHome: () => boolean = () => false): () => void {
    const hold: Hold = { label, parks, isHome }
    this.holds.add(hold)
    if (parks) this.parking++
    else this.strict++
    this.live()
    return () => {
      if (!this.holds.delete(hold)) return
      const release = () => {
        if (parks) this.parking--
        else this.strict--
        this.live()
      }
      // A client nobody paired may have left a service behind that has not seen it yet.
      if (parks && this.parked > 0) void this.fence().then(release)
      else release()
    }
  }

  depart(label: () => string): Trip {
    const trip = new Trip(this, this.ids++, label, this.nextOrder(), "waiting")
    this.trips.set(trip.id, trip)
    this.watch.asks(label)
    return trip
  }

  /** The trip of a request that reached a service; `undefined`: its client left so long ago that nobody waits for it. */
  arrive(id: string | undefined, label: () => string, isHome?: () => boolean): Trip | undefined {
    if (id !== undefined) return this.trips.get(Number(id))
    const trip = new Trip(this, this.ids++, label, this.nextOrder(), "foreign", isHome)
    this.trips.set(trip.id, trip)
    this.watch.asks(label)
    return trip
  }

  forget(trip: Trip): void {
    this.trips.delete(trip.id)
  }

  weigh(busy: number, parked: number): void {
    this.busy += busy
    this.parked += parked
    this.live()
  }

  /** A way to learn that a service has seen everything sent to it before now. */
  addFence(fence: () => Promise<void>): () => void {
    this.fences.add(fence)
    return () => void this.fences.delete(fence)
  }

  async fence(): Promise<void> {
    await Promise.all(Array.from(this.fences, (fence) => fence()))
    await calm()
  }

  // ---- how far ---------------------------------------------------------------------------------------------------

  /** Let time move by itself; the answer stops it where it is. */
  free(): () => void {
    this.frees++
    this.horizon = Infinity
    this.watch.forgives()
    this.touch()
    return () => {
      if (--this.frees === 0) this.horizon = this.now
    }
  }

  /** Let this much time pass, and what is due in it happen. */
  advance(millis: number, done: () => void): void {
    // Time that moves by itself gets there by itself.
    if (this.horizon === Infinity && !this.isClosed) return void this.at(this.now + millis, () => "an advance", done)
    this.horizon = Math.min(Math.max(this.horizon, this.now) + millis, lastInstant)
    this.arrivals.push(done)
    if (this.isClosed) this.letGo()
    else this.touch()
  }

  close(): void {
    this.isClosed = true
    this.watch.close()
    this.letGo()
    // None of them fires any more, and each holds what its client held.
    this.timers.clear()
  }

  // ---- the decision ----------------------------------------------------------------------------------------------

  /** Something moved that no client can move by keeping itself busy. */
  live(): void {
    this.signs++
    this.touch()
  }

  touch(): void {
    this.pulse++
    if (this.isScheduled || this.isClosed) return
    this.isScheduled = true
    turn(this.check)
  }

  /** Whether a request that this process sent itself is on its way to nobody known. */
  get isAwaited(): boolean {
    return this.parking > this.parked
  }

  private get isBlocked(): boolean {
    return this.busy > 0 || this.strict > 0 || this.isAwaited
  }

  private readonly check = (): void => {
    this.isScheduled = false
    if (this.isClosed) return
    if (this.isRunnable) return this.watch.blocked()
    if (this.isBlocked && this.restedAt !== this.pulse) {
      this.watch.blocked()
      return void this.prove()
    }
    if (underWay() !== undefined) {
      this.watch.blocked()
      return this.again()
    }
    if (this.pulse !== this.seenPulse) {
      this.seenPulse = this.pulse
      this.quiet = 0
    }
    const next = this.timers.peek()
    if (++this.quiet < (next?.turns ?? turnsOfJump)) return this.again()
    this.watch.unblocked()
    if (next === undefined || next.at === Infinity || next.at > this.limit) return this.rest()
    // In a run that is told how far to go, even what wakes nobody gets there.
    const isWeak = next.isWeak && this.horizon === Infinity && this.timers.live().every((timer) => timer.isWeak)
    if (isWeak) return this.watch.mourn()
    const timer = this.timers.take(this.die)
    if (timer === undefined) return
    if (timer.at > this.now) this.now = timer.at
    this.live()
    this.watch.wakes(timer.label)
    timer.fire()
  }

  /** Whether everything that keeps time has both of its ends in this process. */
  private get isHome(): boolean {
    for (const hold of this.holds) if (!hold.isHome()) return false
    for (const trip of this.trips.values()) if (!trip.isHome) return false
    return true
  }

  /**
   * See whether the wires are at rest: a request waits for another one to make room, a reader or a writer waits for time.
   * What was sent before the fence has been seen behind it, and would have touched the pulse.
   */
  private async prove(): Promise<void> {
    if (this.isProving || !this.isHome) return
    this.isProving = true
    const { pulse } = this
    // Bytes are on their way most of the time, and a fence costs a connection.
    await calm()
    if (pulse === this.pulse) await this.fence()
    if (pulse === this.pulse && underWay() === undefined) this.restedAt = pulse
    this.isProving = false
    if (!this.isClosed && !this.isScheduled) this.again()
  }

  private get limit(): number {
    return this.moves === "held" && this.parked > 0 ? Infinity : this.horizon
  }

  /** Nothing is due before the horizon. */
  private rest(): void {
    if (this.horizon === Infinity) return this.watch.mourn()
    this.now = Math.max(this.now, this.horizon)
    this.letGo()
  }

  /** Nobody waits for an instant any more: it is there, or will never be. */
  private letGo(): void {
    for (const done of this.arrivals.splice(0)) done()
  }

  private again(): void {
    this.isScheduled = true
    turn(this.check)
  }

  // ---- what the watch is shown ---------------------------------------------------------------------------------------

  get isRunnable(): boolean {
    return this.runnable > 0
  }

  get requests(): ReadonlyArray<string> {
    return Array.from(this.trips.values(), (trip) => trip.say())
  }

  get underHold(): ReadonlyArray<string> {
    return Array.from(this.holds, ({ label }) => label)
  }

  get pending(): ReadonlyArray<string> {
    return this.timers.live().map(({ label }) => label())
  }
}
