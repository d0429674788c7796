/**
 * The figures of the engine on its three journals, beside `@effect/workflow` in memory, and beside DBOS and openworkflow
 * where they are installed in bench/peers. JOURNALS=memory,sqlite measures some of memory, sqlite, cluster and peers.
 */
import { Config, Console, Effect } from "effect"
import * as Cluster from "./engine/Cluster.js"
import * as Memory from "./engine/Memory.js"
import * as Peers from "./engine/Peers.js"
import * as Roles from "./engine/Roles.js"
import * as Sqlite from "./engine/Sqlite.js"
import * as Stock from "./engine/Stock.js"
import { column, print } from "./engine/Table.js"

type Columns = Readonly<Record<string, Readonly<Record<string, string>>>>

const memory = Effect.gen(function* () {
  const ours = column(yield* Memory.measure, Memory.bars)
  return { memory: ours, "@effect/workflow, memory": yield* Stock.measure }
})

const sqlite = Effect.map(Sqlite.measure, (figures) => ({ "sqlite, FULL": column(figures, Sqlite.bars) }))

const none: Columns = {}

const withServer = (measure: (url: string) => Effect.Effect<Columns, unknown>) =>
  Effect.scoped(
    Effect.flatMap(Cluster.server, (server) =>
      server ? measure(server.url) : Effect.as(Console.log("no PostgreSQL: what needs it is left out"), none)
    )
  )

const cluster = withServer((url) =>
  Effect.map(Cluster.measure(url), (figures) => ({ "cluster, PostgreSQL": column(figures, Cluster.bars) }))
)

const peers = withServer((url) => Peers.measure((name) => Cluster.database(url, name)))

const measures: Readonly<Record<string, Effect.Effect<Columns, unknown>>> = { memory, sqlite, cluster, peers }

const main = Effect.gen(function* () {
  const wanted = yield* Config.withDefault(Config.string("JOURNALS"), Object.keys(measures).join())
  let columns: Columns = {}
  for (const name of wanted.split(",")) {
    columns = { ...columns, ...(yield* measures[name] ?? Effect.dieMessage(`there is no journal ${name}`)) }
  }
  yield* print(columns)
})

await Roles.run(main)
