import type { Operation } from "@memstore-flows/model/Operation"
import type { State } from "@memstore-flows/model/State"
import type { Reached } from "../FaultPlan.js"

/** A stage that the operation of a cluster has come to. */
export interface Arrival extends Reached {
  readonly clusterId: string
}

const operations = ({ clusters }: State): ReadonlyMap<string, { clusterId: string; operation: Operation }> =>
  new Map(
    clusters.flatMap(({ id, operation }) => (operation === null ? [] : [[operation.id, { clusterId: id, operation }]]))
  )

/** The stages that began between two states. An operation that is over has been through all of them. */
export const arrivals = (before: State, after: State): ReadonlyArray<Arrival> => {
  const then = operations(before)
  const now = operations(after)
  return [...new Map([...then, ...now])].flatMap(([id, { clusterId, operation }]) =>
    operation.stages.flatMap(({ name, startedAt }, index) => {
      const hadBegun = (then.get(id)?.operation.stages[index]?.startedAt ?? null) !== null
      const hasBegun = !now.has(id) || startedAt !== null
      return hasBegun && !hadBegun ? [{ clusterId, operation: operation.kind, step: name }] : []
    })
  )
}
