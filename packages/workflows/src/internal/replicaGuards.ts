import * as Effect from "effect/Effect"
import * as Checks from "../Checks.js"
import type { Finding } from "../Finding.js"
import { Refused, ReplicaChanged } from "../FlowError.js"
import type { Named } from "./replicaLooks.js"

const changedFrom = ({ findings }: Refused, named: Named): ReplicaChanged | undefined => {
  const isIt = (finding: Finding) => "nodeId" in finding && finding.nodeId === named.nodeId
  const found = findings.find(isIt)
  if (found?._tag === "PrimaryNode") return new ReplicaChanged({ ...named, became: "primary" })
  return found?._tag === "UnknownNode" ? new ReplicaChanged({ ...named, became: "gone" }) : undefined
}

/** A refusal because the replica is none any more has an error of its own. */
export const orChanged =
  (named: Named) =>
  <A, E, R>(self: Effect.Effect<A, E | Refused, R>): Effect.Effect<A, E | Refused | ReplicaChanged, R> =>
    Effect.mapError(self, (error) => (error instanceof Refused ? (changedFrom(error, named) ?? error) : error))

/** The checks before a replica is deleted; `reliesOn` are replicas of its shard that must have caught up. */
export const guardDeletion = (
  name: string,
  { clusterId, nodeId, reliesOn, shardId }: Named & { readonly reliesOn: ReadonlyArray<string> }
) =>
  Checks.guard(name, {
    what: `delete node ${nodeId} of shard ${shardId}`,
    clusterId,
    destructive: true,
    irreversible: [`deletion of node ${nodeId}`],
    removesNodes: [{ shardId, nodeId }],
    reliesOn: reliesOn.map((each) => ({ shardId, nodeId: each })),
    tellsEndpoints: true
  }).pipe(orChanged({ clusterId, shardId, nodeId }))
