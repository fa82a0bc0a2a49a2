/** Prints how a run ends that nothing can wake, in a process that nothing else keeps alive. */
import { createKit } from "@tenuto/testkit/Promise"

await using kit = await createKit({ service: () => new Response() })
await kit.run(() => new Promise<void>(() => {})).catch((error: Error) => console.log(error.message))
