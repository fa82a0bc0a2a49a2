/** What a suite of a client is made of. `ClientSuite` shows it. */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Stream from "effect/Stream"
import type { Artifact } from "@tenuto/core/Artifact"
import type * as Client from "@tenuto/core/Client"
import type * as Operation from "@tenuto/core/Operation"
import type * as Remote from "@tenuto/core/Remote"
import type { Transport } from "@tenuto/http/Transport"
import type { Webhook } from "@tenuto/http/Webhook"
import type { Courier } from "../Courier.ts"
import type { Suite } from "./story.ts"
import type * as Fault from "../Fault.ts"
import type { Handler } from "../Handler.ts"
import type { Answer } from "../Script.ts"
import type * as VirtualClock from "../VirtualClock.ts"

/** An emulator, as far as a suite knows it. */
export interface Service {
  readonly handler: Handler
  readonly hooks: Fault.Hooks
  readonly ledger: Effect.Effect<{
    readonly operations: ReadonlyArray<{ readonly id: string }>
    /** Requests for a file that carried a credential. */
    readonly leaks?: number
  }>
  readonly courier?: Courier
}

/** What a service is told when it is made. */
export interface Making {
  readonly seed: number
  /** Where it may deliver: an address that leads to the client on either carrier. */
  readonly hook: string
  /** Take the next step of a stage of your own: `draw("work")` gives `failed` for `failed@work`, nothing when none is left. */
  readonly draw: (stage: string) => string | undefined
}

/** What is explored. */
export interface Options<O extends Operation.Any> extends Pick<Suite, "name" | "from" | "kinds"> {
  /** Connect to the service at this origin: a provider's layer, or one of your own around it. */
  readonly connect: (origin: string) => Layer.Layer<Remote.Remote<O["service"]>, never, Transport>
  /** Make a fresh service, for each story. */
  readonly service: (making: Making) => Effect.Effect<Service>
  /** What is asked for; give it a key or a reference, under which the caller finds it again. */
  readonly draft: Operation.Draft<O>
  /** What is asked for by `changed@caller`. Default: the draft itself. */
  readonly changed?: Operation.Draft<NoInfer<O>>
  /** How long each wait lasts. Default: as the contract says. */
  readonly within?: Duration.Input
  /** What is played, in place of `Client.run`. */
  readonly run?: (draft: Operation.Draft<O>, wait: Client.Wait) => Effect.Effect<unknown, unknown, Client.Needs<O>>
  /** Which file of the output is fetched once the work is done. Default: none, and nothing goes wrong at `download`. */
  readonly artifact?: ((output: Operation.Output<O>) => Artifact | undefined) | undefined
  /** What fetches it, in place of `Download.stream`. */
  readonly download?: (
    artifact: Artifact,
  ) => Stream.Stream<Uint8Array, unknown, Transport | Remote.Remote<O["service"]>>
  /** Answers by name: `{ elsewhere: { status: 418 } }` makes `elsewhere@look` a word. */
  readonly answers?: Readonly<Record<string, Answer>>
  /** What stories over loopback are carried by. */
  readonly transport?: Layer.Layer<Transport>
  /** What counts as a client that never ends. */
  readonly clock?: Pick<VirtualClock.Options, "mostAtOnce" | "mostInAll" | "stuckAfter">
  /** How deliveries are proved. Without it nobody listens. */
  readonly webhook?: { readonly webhook: Webhook; readonly secret: string }
}
