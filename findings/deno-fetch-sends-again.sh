#!/usr/bin/env bash
# Deno 2.9.6: when a kept connection dies under a request, `fetch` sends it again, also a POST, unless its body is a Blob;
# `keepalive: false` and a `connection: close` header change nothing.
#
# Guessed: a POST is sent once (RFC 9110, 9.2.2: "A client SHOULD NOT automatically retry a request with a non-idempotent
# method"), or at least `keepalive: false` brings a connection of its own.
# Seen: requests that arrived for one call: bytes 2, empty 2, bytes with keepalive: false 2, Blob 1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund deno@2.9.6
cat >probe.mjs <<'JS'
import { createServer } from "node:http"
const bytes = () => new Uint8Array([1, 2, 3])
const calls = {
  bytes: () => ({ body: bytes() }),
  empty: () => ({}),
  "bytes with keepalive: false": () => ({ body: bytes(), keepalive: false }),
  Blob: () => ({ body: new Blob([bytes()]) }),
}
const seen = []
for (const [name, init] of Object.entries(calls)) {
  let arrived = 0
  const server = createServer((request, response) => {
    request.resume()
    request.on("end", () => {
      if (request.url === "/first") return response.end("ok")
      arrived += 1
      request.socket.destroy()
    })
  })
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening))
  const base = `http://127.0.0.1:${server.address().port}`
  await (await fetch(`${base}/first`)).text()
  await fetch(`${base}/second`, { method: "POST", ...init() }).catch(() => {})
  seen.push(`${name} ${arrived}`)
  server.closeAllConnections()
  server.close()
}
console.log(seen.join(", "))
JS
seen=$(./node_modules/.bin/deno run --allow-net probe.mjs)
echo "$seen"
[ "$seen" = "bytes 2, empty 2, bytes with keepalive: false 2, Blob 1" ]
