#!/usr/bin/env bash
# undici 8.12.0 on Node 24.21.0: a `100 Continue` that nobody asked for ends the request, while `102 Processing` and
# `103 Early Hints` before the same answer are passed over.
#
# Guessed: all interim answers are passed over alike, asked for or not (RFC 9110, 15.2: "A client MUST be able to parse one
# or more 1xx responses received prior to a final response, even if the client does not expect one").
# Seen: 100 UND_ERR_SOCKET, 102 200, 103 200.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 undici@8.12.0
cat >probe.mjs <<'JS'
import { createServer } from "node:net"
import { request } from "undici"
const seen = []
for (const interim of ["100 Continue", "102 Processing", "103 Early Hints"]) {
  const server = createServer((socket) => {
    socket.on("error", () => {})
    socket.once("data", () =>
      socket.write(`HTTP/1.1 ${interim}\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok`),
    )
  })
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening))
  const url = `http://127.0.0.1:${server.address().port}/`
  seen.push(`${interim.slice(0, 3)} ${await request(url).then(({ statusCode }) => statusCode, ({ code }) => code)}`)
  server.close()
}
console.log(seen.join(", "))
process.exit(0)
JS
seen=$(./node_modules/.bin/node probe.mjs)
echo "$seen"
[ "$seen" = "100 UND_ERR_SOCKET, 102 200, 103 200" ]
