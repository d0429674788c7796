/**
 * A cluster as the common page probably shows it. **Our guess**: that part of the vendor's documentation was not seen.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { guessed } from "./internal/guessed.js"
import { Status } from "./Status.js"

/**
 * Only `id` and `name` are required. Every other field is a guess: absent, or of another type than expected, it reads
 * as `undefined` and never makes a call fail.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Cluster = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  description: guessed(Schema.String),
  version: guessed(Schema.String),
  port: guessed(Schema.Number),
  shardCount: guessed(Schema.Number),
  nodeCountPerShard: guessed(Schema.Number),
  flavorId: guessed(Schema.String),
  parameterGroupId: guessed(Schema.String),
  subnets: guessed(Schema.Array(Schema.Struct({ id: Schema.String }))),
  securityGroups: guessed(Schema.Array(Schema.Struct({ id: Schema.String }))),
  tlsEnabled: guessed(Schema.Boolean),
  backupSchedule: guessed(Schema.Struct({ cron: Schema.String, retentionLimit: Schema.Number })),
  status: guessed(Status),
  createdAt: guessed(Schema.String)
}).annotations({ identifier: "Cluster", description: "A guess: the vendor's page for this object was not seen." })

/**
 * @since 0.1.0
 * @category models
 */
export type Cluster = typeof Cluster.Type
