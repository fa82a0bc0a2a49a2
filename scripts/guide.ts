/** Plays the blocks of a page in one folder, one after the other, as a reader would, and compares what they print. */
import * as fs from "node:fs"
import * as path from "node:path"
import { type Scene, scenesOf } from "./readme.ts"
import { run } from "./run.ts"

/** Write the modules of a page into a folder. */
export const write = (page: string, folder: string): ReadonlyArray<Scene> => {
  const scenes = scenesOf(page)
  fs.mkdirSync(folder, { recursive: true })
  for (const { language, name, text, unplayed } of scenes) {
    if (language === "ts" && unplayed === undefined) fs.writeFileSync(path.join(folder, name), `${text}\nexport {}\n`)
  }
  return scenes
}

const commandOf = ({ language, name, text }: Scene): ReadonlyArray<string> => {
  if (language === "sh") return ["sh", "-ec", text.replaceAll(/^((?:\w+=\S+ )*)npx /gm, "$1")]
  if (/from "vitest"/.test(text)) return ["vitest", "run", "--root", ".", "--no-color", name]
  return ["node", name]
}

const plain = (text: string): string => text.replaceAll(/ +$/gm, "").trim()

/** What is wrong with the scenes of a page; nothing: each did and printed what the page says. */
export const play = async (scenes: ReadonlyArray<Scene>, folder: string): Promise<ReadonlyArray<string>> => {
  const complaints: Array<string> = []
  for (const scene of scenes.filter(({ unplayed }) => unplayed === undefined)) {
    // In CI nobody would write the golden files of a reader's first run.
    const { ok, output } = await run(["env", "-u", "CI", ...commandOf(scene)], folder)
    const isRunner = /from "(?:vitest|node:test)"/.test(scene.text)
    const isRed = scene.text.includes("# exits with 1")
    const isRight = ok !== isRed && (isRunner || plain(output) === plain(scene.prints))
    if (!isRight) complaints.push(`line ${scene.line}: says that it prints\n${scene.prints}\nand it printed\n${output}`)
  }
  return complaints
}
