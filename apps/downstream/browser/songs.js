const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000))

/** Has a song made, and waits for it. */
export const newSong = async (base, apiKey, { tellsAll = false } = {}) => {
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" }

  const ask = async (path, init) => {
    for (let tries = 1; tries <= 5; tries++) {
      const answer = await fetch(`${base}/${path}`, { ...init, headers }).catch(() => undefined)
      if (answer?.ok) return (await answer.json()).song
      if (answer !== undefined && answer.status !== 429 && answer.status < 500) {
        const said = `Soundpiece answered ${answer.status} to ${path}`
        throw new Error(tellsAll ? `${said}, asked with ${JSON.stringify(headers)}` : said) // the bug: it tells the key
      }
      await pause(Number(answer?.headers.get("retry-after") ?? 2 ** tries))
    }
    throw new Error(`Soundpiece does not answer ${path}`)
  }

  const draft = { idempotency_key: crypto.randomUUID(), lyrics: "Hold the note", prompt: "Slow waltz" }
  let song = await ask("create.new_song", { method: "PUT", body: JSON.stringify(draft) })
  while (song.status === "processing") {
    await pause(5)
    song = await ask(`create.new_song?id=${song.id}`, {})
  }
  return song
}
