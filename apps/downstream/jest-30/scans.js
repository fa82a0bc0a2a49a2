const pause = (/** @type {number} */ seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000))

/**
 * Scans a document, and says how that ended.
 *
 * @param {string} url
 * @returns {Promise<"succeeded" | "failed">}
 */
export const scan = async (url, { trustsLooks = false } = {}) => {
  const headers = { "idempotency-key": crypto.randomUUID() }
  const { id } = await (await fetch(`${url}/scans`, { method: "POST", headers, body: "%PDF" })).json()
  for (;;) {
    await pause(10)
    const look = await fetch(`${url}/scans/${id}`).catch(() => undefined)
    if (look?.ok) {
      const { state } = await look.json()
      if (state === "finished") return "succeeded"
      if (state === "failed") return "failed"
    } else if (trustsLooks) {
      return "failed" // the bug: a look that failed says nothing of the scan
    } else {
      await pause(Number(look?.headers.get("retry-after") ?? 0))
    }
  }
}
