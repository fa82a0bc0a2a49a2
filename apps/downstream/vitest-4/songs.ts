import { expectCall } from "./inbox.ts"

const pause = (seconds: number) => new Promise<void>((resolve) => void setTimeout(resolve, seconds * 1000))

interface Song {
  readonly id: string
  readonly status: string
}

/** Has a song made, and is called when it is ready. Whoever only waits for the call may wait for ever. */
export const newSong = async (base: string, { onlyWaits = false } = {}) => {
  const headers = { authorization: "Bearer spk_team", "content-type": "application/json" }
  const { url: callback_url, called } = expectCall()
  const draft = { lyrics: "Hold the note", prompt: "Slow waltz", callback_url, idempotency_key: crypto.randomUUID() }
  const put = { method: "PUT", headers, body: JSON.stringify(draft) }
  const asked = (await (await fetch(`${base}/create.new_song`, put)).json()) as { readonly song: Song }

  for (;;) {
    await (onlyWaits ? called : Promise.race([called, pause(30)])) // the bug: a call that is lost is waited for
    const answer = await fetch(`${base}/create.new_song?id=${asked.song.id}`, { headers }).catch(() => undefined)
    if (answer?.ok) {
      const { song } = (await answer.json()) as { readonly song: Song }
      if (song.status === "ready") return song.id
      if (song.status !== "processing") throw new Error(`the song is ${song.status}`)
    }
    await pause(Number(answer?.headers.get("retry-after") ?? 2))
  }
}
