const waiting = new Map<string, () => void>()

/** Where the service's webhooks arrive: each song has an address of its own. (Check the signature in yours.) */
export const receive = (request: Request) => {
  waiting.get(request.url)?.()
  return new Response(null, { status: 204 })
}

/** An address that the service may call, and a promise that it did. */
export const expectCall = () => {
  const url = `https://team.test/hooks/${crypto.randomUUID()}`
  const called = new Promise<void>((resolve) => waiting.set(url, resolve)).finally(() => waiting.delete(url))
  return { url, called }
}
