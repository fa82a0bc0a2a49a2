import { type Dispatcher, request } from "undici"

interface Film {
  readonly id: string
  readonly status: string
}

const pause = (seconds: number) => new Promise<void>((resolve) => void setTimeout(resolve, seconds * 1000))

/** Renders a film: asks for it once, and looks every 5 seconds until it is done. */
export const render = async (url: string, dispatcher: Dispatcher, { looksOnceMore = false } = {}) => {
  const headers = { "idempotency-key": crypto.randomUUID(), "content-type": "application/json" }
  const asked = await request(`${url}/films`, { dispatcher, method: "POST", headers, body: '{"title":"Dawn"}' })
  const { id } = (await asked.body.json()) as Film

  for (let isSure = !looksOnceMore; ;) {
    await pause(5)
    const look = await request(`${url}/films/${id}`, { dispatcher }).catch(() => undefined)
    if (look?.statusCode !== 200) {
      await pause(Number(look?.headers["retry-after"] ?? 5))
      continue
    }
    const { status } = (await look.body.json()) as Film
    if (status === "done" && isSure) return id
    if (status === "done") isSure = true // the bug: a film that is done is asked for once more
  }
}
