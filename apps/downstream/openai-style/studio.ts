/** A client in the shape that many services publish: a base URL, a `fetch`, retries with jitter, and `poll`. */
export interface Settings {
  readonly apiKey: string
  readonly baseURL: string
  readonly fetch?: typeof globalThis.fetch
  readonly maxRetries?: number
  /** As it was: a POST is sent again after anything, although the service knows no idempotency key. */
  readonly resendsPosts?: boolean
}

export interface Video {
  readonly id: string
  readonly status: string
}

/** The service did not say whether the work has begun. Ask a person, or list the videos, before you send it again. */
export class UnknownOutcome extends Error {}

const sleep = (millis: number) => new Promise<void>((resolve) => void setTimeout(resolve, millis))

export class Studio {
  readonly #settings: Settings
  constructor(settings: Settings) {
    this.#settings = settings
  }

  readonly videos = {
    create: (prompt: string) => this.#request("POST", "/videos", { prompt }),
    retrieve: (id: string) => this.#request("GET", `/videos/${id}`),
    poll: async (id: string): Promise<Video> => {
      for (;;) {
        const video = await this.videos.retrieve(id)
        if (video.status === "completed") return video
        if (video.status === "failed") throw new Error(`video ${id} failed`)
        await sleep(5000)
      }
    },
  }

  async #request(method: "GET" | "POST", path: string, body?: object): Promise<Video> {
    const { apiKey, baseURL, fetch = globalThis.fetch, maxRetries = 5, resendsPosts = false } = this.#settings
    const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" }
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
    for (let retries = 0; ; retries++) {
      const answer = await fetch(baseURL + path, init).catch(() => undefined)
      if (answer?.ok) return (await answer.json()) as Video
      const status = answer?.status ?? 0
      const isRefused = status >= 400 && status < 500
      if (isRefused && status !== 429) throw new Error(`${method} ${path}: ${status}`)
      if (method === "POST" && !isRefused && !resendsPosts) throw new UnknownOutcome(`${method} ${path}`)
      if (retries === maxRetries) throw new Error(`${method} ${path}: gave up`)
      const hint = Number(answer?.headers.get("retry-after") ?? 0) * 1000
      await sleep(Math.max(hint, Math.min(500 * 2 ** retries, 8000) * (1 - 0.25 * Math.random())))
    }
  }
}
