import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type { State } from "@memstore-flows/model/State"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import type { PlaneReport } from "../DataPlane.js"
import { EmulatorApi } from "../EmulatorApi.js"
import * as FaultPlan from "../FaultPlan.js"
import type { Armed, Fault } from "../Faults.js"
import { message, refused } from "./answers.js"
import { Cloud } from "./Cloud.js"
import type { World } from "./world.js"

/** Everything the emulator knows, as data. */
export const overview = (plane: PlaneReport) => (world: World, now: number) => ({
  now,
  plane: plane.name,
  dataPlane: plane,
  writes: world.writes,
  journal: Chunk.toReadonlyArray(world.journal),
  faults: world.plan.faults,
  model: world.state satisfies State
})

const withPlan = (world: World, plan: FaultPlan.FaultPlan): readonly [{ faults: ReadonlyArray<Armed> }, World] => [
  { faults: plan.faults },
  { ...world, plan }
]

export const addFault =
  (fault: Fault) =>
  (world: World, now: number): readonly [Armed | undefined, World] => {
    const [plan] = FaultPlan.add(world.plan, fault, now)
    return [plan.faults.at(-1), { ...world, plan }]
  }

export const replaceFaults =
  (faults: ReadonlyArray<Fault>, seed: number | undefined) =>
  (world: World, now: number): readonly [{ faults: ReadonlyArray<Armed> }, World] => {
    const empty = { ...FaultPlan.make(seed), counter: world.plan.counter }
    return withPlan(
      world,
      faults.reduce((plan, fault) => FaultPlan.add(plan, fault, now)[0], empty)
    )
  }

export const removeFault =
  (id: string) =>
  (world: World): readonly [{ faults: ReadonlyArray<Armed> } | undefined, World] =>
    world.plan.faults.some((fault) => fault.id === id)
      ? withPlan(world, FaultPlan.remove(world.plan, id))
      : [undefined, world]

export const clearFaults = (world: World) => withPlan(world, FaultPlan.clear(world.plan))

/** The emulator's own routes. */
export const layer = HttpApiBuilder.group(EmulatorApi, "emulator", (handlers) =>
  Effect.map(Cloud, (cloud) =>
    handlers
      .handle("overview", () =>
        Effect.flatMap(cloud.plane.about, (plane) =>
          cloud.transact((world, now) => [overview(plane)(world, now), world])
        )
      )
      .handle("listFaults", () => cloud.transact((world) => [{ faults: world.plan.faults }, world]))
      .handle("addFault", ({ payload }) =>
        Effect.map(cloud.transact(addFault(payload)), (armed) => armed ?? message(500, "the fault was not added"))
      )
      .handle("replaceFaults", ({ payload: { faults, seed } }) => cloud.transact(replaceFaults(faults, seed)))
      .handle("clearFaults", () => cloud.transact(clearFaults))
      .handle("removeFault", ({ path: { faultId } }) =>
        Effect.map(cloud.transact(removeFault(faultId)), (left) => left ?? message(404, `there is no fault ${faultId}`))
      )
      .handle("loadKeys", ({ payload: { bytesPerKey = 100, clusterId, count } }) =>
        Effect.match(cloud.loadKeys({ clusterId, count, bytesPerKey }), {
          onFailure: refused,
          onSuccess: (shards) => ({ shards })
        })
      )
      .handle("census", ({ path: { clusterId } }) =>
        Effect.match(cloud.census(clusterId), { onFailure: refused, onSuccess: (shards) => ({ shards }) })
      )
      .handle("disturb", ({ payload }) =>
        Effect.match(cloud.disturb(payload), {
          onFailure: (why) => (typeof why === "string" ? message(404, why) : refused(why)),
          onSuccess: () => ({ message: "done" })
        })
      )
      .handle("reset", () => Effect.as(cloud.reset, { message: "the emulator is empty" }))
  )
)
