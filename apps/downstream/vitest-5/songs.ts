const base = "https://api.soundpiece.co/v1"
const pause = (seconds: number) => new Promise<void>((resolve) => void setTimeout(resolve, seconds * 1000))

interface Song {
  readonly id: string
  readonly status: string
}

/** Has a song made, and waits for it. */
export const newSong = async (prompt: string, { hearsRetryAfter = true } = {}) => {
  const headers = { authorization: "Bearer spk_team", "content-type": "application/json" }

  const ask = async (path: string, init: RequestInit): Promise<Song> => {
    for (let tries = 1; tries <= 6; tries++) {
      const answer = await fetch(`${base}/${path}`, init).catch(() => undefined)
      if (answer?.ok) return ((await answer.json()) as { readonly song: Song }).song
      if (answer !== undefined && answer.status !== 429 && answer.status < 500) break
      const asked = Number(answer?.headers.get("retry-after") ?? 2)
      await pause(hearsRetryAfter ? asked : 2) // the bug: two seconds, whatever the service asks for
    }
    throw new Error(`Soundpiece does not answer ${path}`)
  }

  const body = JSON.stringify({ idempotency_key: crypto.randomUUID(), lyrics: "Hold the note", prompt })
  let song = await ask("create.new_song", { method: "PUT", headers, body })
  while (song.status === "processing") {
    await pause(5)
    song = await ask(`create.new_song?id=${song.id}`, { headers })
  }
  if (song.status !== "ready") throw new Error(`the song is ${song.status}`)
  return song
}
