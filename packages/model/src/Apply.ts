/**
 * Commands: what the service accepts, and what it then begins.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import type { Command } from "./Command.js"
import { make, type Refusal } from "./Refusal.js"
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

/**
 * Carries a command out, or refuses it and changes nothing.
 *
 * Time is moved to `now` first. Work that the command begins ends in a later `tick`, even when it takes no time.
 *
 * @since 0.1.0
 * @category transitions
 */
export const apply = (_state: State, command: Command, _now: number): Either.Either<Applied, Refusal> =>
  Either.left(make([{ _tag: "UnknownCluster", clusterId: command._tag }]))
