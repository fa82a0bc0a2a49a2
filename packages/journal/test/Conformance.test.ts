import { describe, it } from "@effect/vitest"
import * as Journal from "@tenuto/core/Journal"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqliteJournal from "@tenuto/journal/SqliteJournal"
import { cases } from "./conformance.ts"
import * as Temporary from "./temporary.ts"

const sqlite = Layer.unwrap(Effect.map(Temporary.file, (file) => SqliteJournal.layer(file)))

const journals: Record<string, Layer.Layer<Journal.Journal, Journal.Unusable>> = {
  "in memory": Journal.layerMemory,
  "in SQLite": sqlite,
}

for (const [name, journal] of Object.entries(journals)) {
  describe(`laws of a journal ${name}`, () => {
    for (const { name, run } of cases) {
      it.effect(name, () => run.pipe(Effect.provide(Layer.fresh(journal))))
    }
  })
}
