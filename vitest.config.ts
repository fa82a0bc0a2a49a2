import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["packages/**/test/**/*.test.ts", "apps/**/test/**/*.test.ts", "scripts/test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**", "apps/downstream/**"],
    pool: "forks",
    maxWorkers: 2,
    // They end what hangs, and judge nothing: a machine that does other work as well may be twenty times slower.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { interval: 20, timeout: 120_000 } },
    allowOnly: false,
  },
})
