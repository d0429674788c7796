/**
 * Commands: what the service accepts, and what it then begins.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import type { Applied } from "./Applied.js"
import type { Command } from "./Command.js"
import { disturb } from "./internal/disturbances.js"
import { createBackup, createCluster, deleteCluster, updateCluster } from "./internal/lifecycle.js"
import { addReplica, addShard, deleteNode, deleteShard } from "./internal/scaling.js"
import type { Refusal } from "./Refusal.js"
import type { State } from "./State.js"
import { tick } from "./Tick.js"

export type { Applied }

const carryOut = (state: State, command: Command, now: number): Either.Either<Applied, Refusal> => {
  switch (command._tag) {
    case "CreateCluster":
      return createCluster(state, command, now)
    case "UpdateCluster":
      return updateCluster(state, command, now)
    case "DeleteCluster":
      return deleteCluster(state, command, now)
    case "AddShard":
      return addShard(state, command, now)
    case "DeleteShard":
      return deleteShard(state, command, now)
    case "AddReplica":
      return addReplica(state, command, now)
    case "DeleteNode":
      return deleteNode(state, command, now)
    case "CreateBackup":
      return createBackup(state, command, now)
    default:
      return disturb(state, command, now)
  }
}

const counted = (state: State, { _tag }: Command): State => ({
  ...state,
  writes: { ...state.writes, [_tag]: (state.writes[_tag] ?? 0) + 1 }
})

/**
 * Carries a command out, or refuses it and changes nothing.
 *
 * Time is moved to `now` first. Work that the command begins ends in a later `tick`, even when it takes no time.
 *
 * @since 0.1.0
 * @category transitions
 */
export const apply = (state: State, command: Command, now: number): Either.Either<Applied, Refusal> => {
  const current = tick(state, now)
  return Either.map(carryOut(current, command, current.clock), (applied) => ({
    ...applied,
    state: counted(applied.state, command)
  }))
}
