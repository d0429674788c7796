/**
 * How to write what the vendor's page leaves open.
 *
 * @since 0.1.0
 */

/**
 * Where the vendor's page contradicts itself on the wire.
 *
 * - `backupNameField`: `backupName` (its samples, the default) or `backupNames` (its table)
 * - `addShardAssignment`: `subnetAssignments` of "Add shard" as one `object` (its sample, the default) or as an `array`
 *   with one element (its table)
 * - `presumedRules`: also apply the text rules that are documented for cluster mode disabled only; default `false`
 *
 * @since 0.1.0
 * @category models
 */
export interface WireChoices {
  readonly backupNameField: "backupName" | "backupNames"
  readonly addShardAssignment: "object" | "array"
  readonly presumedRules: boolean
}

/**
 * @since 0.1.0
 * @category constants
 */
export const defaultWireChoices: WireChoices = {
  backupNameField: "backupName",
  addShardAssignment: "object",
  presumedRules: false
}
