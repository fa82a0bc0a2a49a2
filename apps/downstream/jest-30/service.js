/** Scans take 25 seconds; an empty document fails. The same key is the same scan. */
export const service = () => {
  /** @type {Array<{ id: string, key: string | null, at: number, end: string }>} */
  const scans = []
  return {
    fetch: async (/** @type {Request} */ request) => {
      const key = request.headers.get("idempotency-key")
      let scan = scans.find((one) => (request.method === "POST" ? one.key === key : request.url.endsWith(one.id)))
      if (request.method === "POST" && scan === undefined) {
        const end = (await request.text()) === "" ? "failed" : "finished"
        scan = { id: `scan_${scans.length + 1}`, key, at: Date.now(), end }
        scans.push(scan)
      }
      if (scan === undefined) return new Response("no such scan", { status: 404 })
      return Response.json({ id: scan.id, state: Date.now() - scan.at < 25_000 ? "scanning" : scan.end })
    },
    ledger: () => ({ operations: scans }),
  }
}
