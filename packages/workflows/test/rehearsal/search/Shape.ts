import type { State } from "@memstore-flows/model/State"
import * as Tick from "@memstore-flows/model/Tick"

const hour = 3_600_000

/** A project an hour later, when all that heals has healed. */
export const rest = (state: State, from: number): State => Tick.tick(state, from + hour)

/** What is promised of each cluster: how it is set, and how many nodes are in each shard. Ids and places are left out. */
export const shapeOf = ({ clusters }: State): string =>
  clusters
    .map(({ backupSchedule, description, name, shards, version }) => {
      const nodes = shards.map((shard) => shard.nodes.length).sort()
      return JSON.stringify({ name, version, description, backupSchedule, nodes })
    })
    .sort()
    .join(" ")
