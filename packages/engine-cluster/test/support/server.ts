import type { TestProject } from "vitest/node"
import { startPostgres } from "../../../../scripts/postgres.mjs"

declare module "vitest" {
  export interface ProvidedContext {
    readonly postgres: string | null
  }
}

/** One server for all files of the package. */
export default async (project: TestProject): Promise<(() => Promise<void>) | undefined> => {
  const server = await startPostgres()
  project.provide("postgres", server?.url ?? null)
  return server?.stop
}
