/** The figures of the engine on PostgreSQL with fsync on, beside what the same disk commits singly. */
import { Console, Effect } from "effect"
import * as Cluster from "./engine/Cluster.js"
import * as Roles from "./engine/Roles.js"
import { column, print } from "./engine/Table.js"

const main = Effect.gen(function* () {
  const server = yield* Cluster.server
  if (!server) return yield* Console.log("no PostgreSQL")
  yield* print({ "cluster, PostgreSQL": column(yield* Cluster.measure(server.url), Cluster.bars) })
}).pipe(Effect.scoped)

await Roles.run(main)
