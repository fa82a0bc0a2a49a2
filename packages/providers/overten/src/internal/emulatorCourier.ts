/** Delivers what becomes of work, as the service does: signed, told apart by its event, again after a failure. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Signature from "@tenuto/http/Signature"
import * as Courier from "@tenuto/testkit/Courier"
import { Delivery, schemeOf, type Signing } from "./delivery.ts"
import { jsonOf } from "./emulatorRequest.ts"
import { routes, type Task } from "./emulatorWork.ts"

/** How the service signs and repeats itself. */
export interface Hooks extends Signing {
  readonly key: string
  readonly pauses: ReadonlyArray<Duration.Input>
}

const encode = Schema.encodeSync(Delivery)

export const make = ({ key, pauses, ...signing }: Hooks): Effect.Effect<Courier.Courier> =>
  Courier.make({
    sign: ({ at, body, id }) => Effect.orDie(Signature.sign(schemeOf(signing), key, { id, timestamp: at, body })),
    within: "15 seconds", // contract 3.11
    pauses,
    isRefusalFinal: true, // C-OV-5, the newer page
    userAgent: "Overten-Webhook/1.0", // contract 3.11
  })

/** T-OV-5: there is an event for two ends of four only. */
const eventOf = ({ outcome }: Task): "run.completed" | "run.failed" | undefined =>
  outcome === "completed" ? "run.completed" : typeof outcome === "string" ? undefined : "run.failed"

/** Post the letter about a task, when it asked for one and its end has an event. */
export const post = (courier: Courier.Courier, task: Task, after: Duration.Duration): Effect.Effect<void> => {
  const event = eventOf(task)
  const url = task.fields["webhook_url"]
  if (event === undefined || typeof url !== "string") return Effect.void
  const { format } = routes[task.path]
  const body = encode({ event, run_id: task.run, task_id: task.id, agent_name: `${format}-agent`, format })
  return courier.post({
    id: `${task.id} ${event}`,
    url,
    after,
    body: Effect.succeed(jsonOf(body)),
    headers: { "x-overten-event": event },
  })
}
