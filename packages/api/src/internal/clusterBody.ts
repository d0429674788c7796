import * as Redacted from "effect/Redacted"
import type * as Schema from "effect/Schema"
import type { clusterFields } from "../ClusterSpec.js"

type Spec = Schema.Struct.Type<typeof clusterFields>

/** The body of a create or restore: the fields of the page and nothing else, the password laid open. */
export const clusterBody = (spec: Spec): Schema.Struct.Encoded<typeof clusterFields> => ({
  name: spec.name,
  description: spec.description,
  version: spec.version,
  port: spec.port,
  shardCount: spec.shardCount,
  nodeCountPerShard: spec.nodeCountPerShard,
  flavorId: spec.flavorId,
  parameterGroupId: spec.parameterGroupId,
  subnets: spec.subnets,
  subnetAssignments: spec.subnetAssignments,
  tlsEnabled: spec.tlsEnabled,
  backupSchedule: spec.backupSchedule,
  user: spec.user === undefined ? undefined : { name: spec.user.name, password: Redacted.value(spec.user.password) },
  securityGroups: spec.securityGroups
})

/** What no error may repeat. */
export const clusterSecrets = (spec: Spec): ReadonlyArray<Redacted.Redacted<string>> =>
  spec.user === undefined ? [] : [spec.user.password]
