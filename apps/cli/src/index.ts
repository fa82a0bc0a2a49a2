/** The command line as a function, for programs that bring their own process. */
import * as Effect from "effect/Effect"
import { follow } from "./app.ts"
import { version } from "./version.ts"

/** Follow a command line such as `["explain", "soundpiece", "look", "422"]`; gives the exit code. */
export const run = (argv: ReadonlyArray<string>): Promise<number> => Effect.runPromise(follow(argv, version()))
