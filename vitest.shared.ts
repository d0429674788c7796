import { defineConfig } from "vitest/config"

/** Settings every package's `vitest.config.ts` shares. */
export const shared = (name: string) =>
  defineConfig({
    test: {
      name,
      include: ["test/**/*.test.ts"],
      testTimeout: 30_000,
      hookTimeout: 30_000,
      // The files that share a process share one module graph: loading effect anew for each file took half of the time.
      pool: "forks",
      poolOptions: { forks: { isolate: false } }
    }
  })
