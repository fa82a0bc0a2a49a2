/** A test that forgets to close its kit. */
import { createKit } from "@tenuto/testkit/Promise"

const kit = await createKit({ service: () => Response.json({ status: "ready" }), carrier: "loopback" })
console.log(await kit.run(({ url }) => fetch(url).then(({ status }) => status)))
