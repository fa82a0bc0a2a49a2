/** The service as its pages describe it: no idempotency keys, and a video takes half a minute. */
export const service = () => {
  const videos: Array<{ readonly id: string; readonly at: number }> = []
  const show = ({ at, id }: { readonly id: string; readonly at: number }) => ({
    id,
    status: Date.now() - at < 30_000 ? "in_progress" : "completed",
  })
  return {
    fetch: ({ method, url }: Request) => {
      if (method === "POST") videos.push({ id: `video_${videos.length + 1}`, at: Date.now() })
      const video = method === "POST" ? videos.at(-1) : videos.find(({ id }) => url.endsWith(`/videos/${id}`))
      return video === undefined ? new Response("no such video", { status: 404 }) : Response.json(show(video))
    },
    ledger: () => ({ operations: videos }),
  }
}
