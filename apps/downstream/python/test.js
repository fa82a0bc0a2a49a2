/** Runs the tests where there is a Python with `requests`. */
import { spawnSync } from "node:child_process"

const can = (python) => spawnSync(python, ["-c", "import requests"]).status === 0
const python = ["/usr/bin/python3", "python3"].find(can)
if (python !== undefined) {
  process.exitCode = spawnSync(python, ["-B", "-m", "unittest", "-v"], { stdio: "inherit" }).status ?? 1
} else {
  console.log(
    "SKIPPED: no Python client was played, for there is no python3 with requests (apt-get install python3-requests)",
  )
  process.exitCode = process.env.CI === "true" ? 1 : 0
}
