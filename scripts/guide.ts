/** Plays the blocks of a page in one folder, one after the other, as a reader would, and compares what they print. */
import * as fs from "node:fs"
import * as path from "node:path"
import { type Scene, scenesOf } from "./readme.ts"
import { run } from "./run.ts"

/** Write the modules of a page into a folder. */
export const write = (page: string, folder: string): ReadonlyArray<Scene> => {
  const scenes = scenesOf(page)
  fs.mkdirSync(folder, { recursive: true })
  for (const { language, name, text } of scenes) {
    if (language === "ts") fs.writeFileSync(path.join(folder, name), `${text}\nexport {}\n`)
  }
  return scenes
}

// A shell ends with whatever its block began, and golden files are written anew.
const shell = (text: string) => ["sh", "-c", `trap 'kill $(jobs -p) 2>/dev/null' EXIT\n${text}`]

const commandOf = ({ language, name, text }: Scene): ReadonlyArray<string> => {
  if (language === "sh") return shell(text.replaceAll(/^(\s*(?:\w+=\S+ )*)npx /gm, "$1"))
  if (/from "vitest"/.test(text)) return ["vitest", "run", "--root", ".", "--no-color", name]
  return ["node", name]
}

/** What is wrong with the scenes of a page; nothing: each did and printed what the page says. */
export const play = async (scenes: ReadonlyArray<Scene>, folder: string): Promise<ReadonlyArray<string>> => {
  const complaints: Array<string> = []
  for (const scene of scenes) {
    if (scene.unplayed !== undefined) continue
    const { ok, output } = await run(["env", "TENUTO_UPDATE=1", ...commandOf(scene)], folder)
    const isRunner = /from "(?:vitest|node:test)"/.test(scene.text)
    const isRed = scene.text.includes("# exits with 1")
    const isRight = ok !== isRed && (isRunner || output.trim() === scene.prints.trim())
    if (!isRight) complaints.push(`line ${scene.line}: says that it prints\n${scene.prints}\nand it printed\n${output}`)
  }
  return complaints
}
