/** Explorations that lead to every corner of the machine, and what no exploration can reach: told by a test, timed by a benchmark. */
import type * as Explore from "@tenuto/testkit/Explore"
import * as Suites from "../src/suites.ts"

/** One service, and what goes wrong with it. */
export type Corner = readonly [
  make: (kinds: ReadonlyArray<string>) => Promise<Explore.Suite>,
  kinds: ReadonlyArray<string>,
]

/** Each is told to this depth. */
export const depth = 4

export const corners: ReadonlyArray<Corner> = [
  [
    Suites.soundpiece,
    [
      "429=30@submit",
      "reset-after-commit@submit",
      "401@submit",
      "503@look",
      "unknown-status@look",
      "gone@look",
      "crash@pause",
      "crash-after-commit@look",
      "prompt@pause",
      "again@caller",
      "failed@work",
    ],
  ],
  [
    Suites.overten,
    [
      "429=30@submit",
      "reset-after-commit@submit",
      "503@look",
      "limited@pause",
      "tomorrow@caller",
      "cancelled@work",
      "expired@work",
    ],
  ],
  [Suites.overtenAtOnce, ["503@submit"]],
  [
    Suites.whisul,
    [
      "429=30@submit",
      "reset-after-commit@submit",
      "crash@pause",
      "crash-after-commit@look",
      "again@caller",
      "changed@caller",
      "found@caller",
      "elsewhere@caller",
    ],
  ],
]

/** What the machine could fold, and no client of ours can do. */
export const unreachable: Readonly<Record<string, string>> = {
  "[*] --Accepted with a result--> Settled": "a history begins with a draft or a handle, and neither brings a result",
  "Drafted --Accepted with a result--> Settled": "a result comes as the answer to a send, which made it Uncertain",
  "Stopped --Accepted with a result--> Settled":
    "an answer is folded before the driver stops; a handle brings no result",
  "Pending --Observed a question--> Pending": "none of the services here asks anything of its caller",
  "Stopped --Sending--> Stopped": "nothing is sent before the caller asks again, which ends being stopped",
}
