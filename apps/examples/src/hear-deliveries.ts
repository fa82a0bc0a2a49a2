/**
 * Hear of the end when the service says so: a receiver of webhooks beside the waits, joined by one inbox.
 *
 * Polling goes on all the same, only more rarely than anybody would like: a delivery that is lost costs time and nothing else.
 */
import { createServer } from "node:http"
import { connect, Inbox } from "@tenuto/core"
import * as HeyDonna from "@tenuto/heydonna"
import { nodeTransport, nodeWebhook } from "@tenuto/transport-node"

const { HEYDONNA_KEY: apiKey = "", HEYDONNA_URL: baseUrl, HEYDONNA_SECRET: secret = "", PORT = "0" } = process.env
const { webhook } = HeyDonna

const inbox = Inbox.makeMemory()
const receiver = createServer(nodeWebhook(webhook, { secrets: [secret], inbox }))
await new Promise<void>((resolve) => receiver.listen(Number(PORT), "127.0.0.1", resolve))

await using heydonna = connect(HeyDonna, { apiKey, baseUrl, transport: nodeTransport(), inbox })
const recording = { title: "Smith v. Jones", audioUrl: "https://bucket.example/recording.mp3" }
const began = performance.now()
const { projectId, status } = await heydonna.run("projects.create", recording, { reference: "order-7" })
console.log(`${projectId} is ${status} after ${((performance.now() - began) / 1000).toFixed(1)} s`)
receiver.close()
