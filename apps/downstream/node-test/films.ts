/** The service, as the team knows it: a film takes a minute, and the same key is the same film. */
export const films = () => {
  const made: Array<{ readonly id: string; readonly key: string | null; readonly at: number }> = []
  return {
    fetch: (request: Request) => {
      const key = request.headers.get("idempotency-key")
      if (request.method === "POST") {
        if (!made.some((film) => film.key === key)) made.push({ id: `film_${made.length + 1}`, key, at: Date.now() })
        return Response.json({ id: made.find((film) => film.key === key)?.id, status: "rendering" }, { status: 202 })
      }
      const film = made.find(({ id }) => request.url.endsWith(`/${id}`))
      if (film === undefined) return Response.json({ problem: "no such film" }, { status: 404 })
      return Response.json({ id: film.id, status: Date.now() - film.at < 60_000 ? "rendering" : "done" })
    },
    ledger: () => ({ operations: made }),
  }
}
