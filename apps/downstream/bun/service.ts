/** A dub takes 45 seconds; the same key is the same dub. */
export const service = () => {
  const dubs = new Map<string | null, { readonly id: string; readonly at: number }>()
  return {
    fetch: ({ headers, method, url }: Request) => {
      const key = headers.get("idempotency-key")
      if (method === "POST" && !dubs.has(key)) dubs.set(key, { id: `dub_${dubs.size + 1}`, at: Date.now() })
      const dub = method === "POST" ? dubs.get(key) : [...dubs.values()].find(({ id }) => url.endsWith(`/${id}`))
      if (dub === undefined) return Response.json({ problem: "no such dub" }, { status: 404 })
      return Response.json({ id: dub.id, status: Date.now() - dub.at < 45_000 ? "dubbing" : "ready" })
    },
    ledger: () => ({ operations: Array.from(dubs, ([key, { id }]) => ({ key, id })) }),
  }
}
