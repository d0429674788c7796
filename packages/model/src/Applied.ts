/**
 * The answer of a service that says yes.
 *
 * @since 0.1.0
 */
import type { State } from "./State.js"
import type { Warning } from "./Warning.js"

/**
 * An accepted command.
 *
 * `objectId`: what the API answers: the id of the cluster, or of the backup for `CreateBackup`; `""` for `ArmFault`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Applied {
  readonly state: State
  readonly objectId: string
  readonly warnings: ReadonlyArray<Warning>
}
