import type { Shard } from "@memstore-flows/api/Shard"
import * as Slots from "@memstore-flows/api/Slots"
import * as Step from "@memstore-flows/engine/Step"
import * as Topology from "@memstore-flows/model/Topology"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { DataProbe } from "../DataProbe.js"
import type { Finding } from "../Finding.js"
import { VerificationFailed } from "../FlowError.js"

/** How a cluster that was made should be. */
export interface Wanted {
  readonly shardCount: number
  readonly nodeCountPerShard: number
}

/** What is wrong with a cluster that was made. */
export const wrongWith = (
  clusterId: string,
  shards: ReadonlyArray<Shard>,
  { nodeCountPerShard, shardCount }: Wanted
): ReadonlyArray<Finding> => {
  const { missing, overlapping, unreadable } = Topology.coverage(Topology.make(shards))
  const covered = missing.length === 0 && overlapping.length === 0 && unreadable.length === 0
  return [
    ...(shards.length === shardCount
      ? []
      : [{ _tag: "TopologyWrong" as const, clusterId, what: "shards", wanted: shardCount, found: shards.length }]),
    ...shards.flatMap(({ id, nodes }) =>
      nodes.length === nodeCountPerShard
        ? []
        : [{ _tag: "NotEnoughReplicas" as const, shardId: id, nodes: nodes.length, wanted: nodeCountPerShard }]
    ),
    ...(covered
      ? []
      : [
          {
            _tag: "SlotsUncovered" as const,
            clusterId,
            missing: Slots.format(missing),
            overlapping: Slots.format(overlapping)
          }
        ])
  ]
}

const failIf = (clusterId: string, [first, ...rest]: ReadonlyArray<Finding>) =>
  first === undefined ? Effect.void : new VerificationFailed({ clusterId, findings: [first, ...rest] })

/** The step that verifies the topology of a cluster that was made. */
export const verifyTopology = (clusterId: string, shards: ReadonlyArray<Shard>, wanted: Wanted) =>
  Step.make("verify", { error: VerificationFailed, run: failIf(clusterId, wrongWith(clusterId, shards, wanted)) })

const Verdict = Schema.Struct({ data: Schema.Literal("proven", "unproven"), detail: Schema.String })

/** The step that verifies topology and data of a cluster that was restored. Gives whether the data was proven. */
export const verifyRestored = (
  clusterId: string,
  shards: ReadonlyArray<Shard>,
  spec: Wanted & { readonly port: number; readonly backupName: string; readonly source?: string | undefined }
) =>
  Step.make("verify", {
    success: Verdict,
    error: VerificationFailed,
    run: Effect.gen(function* () {
      const { backupName, port, source } = spec
      const probe = yield* DataProbe
      const data = yield* probe.verify({ clusterId, port, shards, backupName, source })
      const wrong = data._tag === "Bad" ? [{ _tag: "DataWrong" as const, clusterId, detail: data.detail }] : []
      yield* failIf(clusterId, [...wrongWith(clusterId, shards, spec), ...wrong])
      return data._tag === "Good"
        ? { data: "proven" as const, detail: data.detail }
        : { data: "unproven" as const, detail: "no probe of the data" }
    })
  })
