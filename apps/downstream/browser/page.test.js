import assert from "node:assert/strict"
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { test } from "node:test"
import { build } from "esbuild"

const chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync)
const skip = chromium === undefined && process.env.CI !== "true"
if (skip) console.log("SKIPPED: the page was tried in no browser, for there is no chromium (apt-get install chromium)")

/** The page with everything it imports, as one file; a module of Node in it is an error. */
const bundle = async () => {
  const built = await build({ entryPoints: ["page.js"], bundle: true, write: false, format: "esm", target: "es2022" })
  return built.outputFiles[0].text
}

/** Opens the page in a browser of its own, and gives what it posts. */
const visit = async (script) => {
  const profile = mkdtempSync(join(tmpdir(), "team-browser-"))
  const posted = Promise.withResolvers()
  const server = createServer(async (request, response) => {
    const isScript = request.url === "/page.js"
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html")
    response.end(
      isScript
        ? script
        : '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>',
    )
    if (request.method === "POST") posted.resolve(JSON.parse(await text(request)))
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", `--user-data-dir=${profile}`]
  const url = `http://127.0.0.1:${server.address().port}/`
  const browser = spawn(chromium, [...flags, url], { stdio: "ignore", detached: true })
  const ended = once(browser, "exit")
  const end = () => browser.exitCode === null && process.kill(-browser.pid, "SIGKILL")
  const late = setTimeout(end, 60_000)
  try {
    return await Promise.race([posted.promise, ended.then(() => assert.fail("the browser ended before it posted"))])
  } finally {
    clearTimeout(late)
    end()
    await ended
    server.closeAllConnections()
    server.close()
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
}

test("in a browser a key in an error is found, and the mended client is right", { skip }, async () => {
  assert(chromium, "there is no chromium (apt-get install chromium)")
  const { isRed, isSame, message, stories } = await visit(await bundle())
  assert.match(message, /secret-kept: secret no\. 1 stands in the message of what was thrown/)
  assert.deepEqual({ isRed, isSame, stories }, { isRed: true, isSame: true, stories: 4 + 16 + 64 })

  // A page has no path, so its line names none: with the module put in, it is told again where there is Node.
  const line = message.split("\n").at(-1)
  assert.match(line, /^npx tenuto replay v1:as-it-was:memory:0:401@look:/)
  const { status, stdout } = spawnSync(line.replace("v1:", "v1:songs.suite.js:"), { shell: true, encoding: "utf8" })
  assert.match(stdout, new RegExp(`^the timeline is the same: ${line.split(":").at(-1)}\nstill red$`, "m"))
  assert.equal(status, 1)
})
