/** What a service that goes wrong remembers: since when it is down, whose key is revoked, what it has said. */
import type { Response } from "@tenuto/http/Exchange"
import * as DateTime from "effect/DateTime"

/** What was told of one work: first this, and by now something else. */
interface Told {
  readonly first: Response
  isPast: boolean
}

export class Past {
  isRevoked = false
  /** How often it has said what is no hint. */
  rubbish = 0
  private readonly down: Array<{ readonly stage: string; readonly until: DateTime.Utc }> = []
  private readonly told = new Map<string, Told>()

  /** Be down for a stage until an instant. */
  goDown(stage: string, until: DateTime.Utc): void {
    this.down.push({ stage, until })
  }

  /** Whether a request of any stage that fits meets a service that is down. */
  isDown(fits: (stage: string) => boolean, now: DateTime.Utc): boolean {
    return this.down.some(({ stage, until }) => fits(stage) && DateTime.isLessThan(now, until))
  }

  /** Keep what is told of a work. */
  keep(resource: string, response: Response): void {
    const told = this.told.get(resource)
    if (told === undefined) this.told.set(resource, { first: response, isPast: false })
    else if (!isSame(told.first, response)) told.isPast = true
  }

  /** What was told of a work at first, once something else was told since. */
  earlier(resource: string): Response | undefined {
    const told = this.told.get(resource)
    return told?.isPast === true ? told.first : undefined
  }
}

const isSame = (one: Response, other: Response): boolean =>
  one.body.byteLength === other.body.byteLength && one.body.every((byte, at) => byte === other.body[at])
