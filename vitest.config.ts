import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"

/** How the packages' tests share the machine: as many files at once as there are cores. */
export default defineConfig({
  test: { poolOptions: { forks: { isolate: false, maxForks: availableParallelism(), minForks: 1 } } }
})
