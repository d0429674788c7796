import { Effect } from "effect"
import * as Cluster from "./Cluster.js"
import * as Memory from "./Memory.js"
import * as Sqlite from "./Sqlite.js"

const roles: Readonly<Record<string, Effect.Effect<unknown, unknown>>> = {
  ...Memory.roles,
  ...Sqlite.roles,
  ...Cluster.roles
}

/** Runs the program, or, in a process it has started, the role it gave that process. */
export const run = (program: Effect.Effect<void, unknown>): Promise<unknown> => {
  const { ROLE } = process.env
  if (ROLE === undefined) return Effect.runPromise(program)
  return Effect.runPromise(roles[ROLE] ?? Effect.dieMessage(`there is no role ${ROLE}`))
}
