const pause = (seconds: number) => new Promise<void>((resolve) => void setTimeout(resolve, seconds * 1000))

/** Has a film dubbed, and waits until it is. */
export const dub = async (url: string, { endsAtAnyWord = false } = {}): Promise<string> => {
  const headers = { "idempotency-key": crypto.randomUUID() }
  const asked = await fetch(`${url}/dubs`, { method: "POST", headers, body: '{"to":"is"}' })
  const { id } = (await asked.json()) as { readonly id: string }
  for (;;) {
    await pause(10)
    const look = await fetch(`${url}/dubs/${id}`).catch(() => undefined)
    const { status = "unseen" } = ((await look?.json().catch(() => undefined)) ?? {}) as { readonly status?: string }
    if (!look?.ok) await pause(Number(look?.headers.get("retry-after") ?? 1))
    else if (status === "ready") return id
    else if (status === "failed") throw new Error(`the dub ${id} failed`)
    else if (endsAtAnyWord && status !== "dubbing") return id // the bug: a word of tomorrow is no success
  }
}
