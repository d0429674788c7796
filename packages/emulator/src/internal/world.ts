import { type Applied, apply } from "@memstore-flows/model/Apply"
import type { Command } from "@memstore-flows/model/Command"
import type { OperationKind } from "@memstore-flows/model/Operation"
import type { Refusal } from "@memstore-flows/model/Refusal"
import type { State } from "@memstore-flows/model/State"
import { nextTick, tick } from "@memstore-flows/model/Tick"
import * as Chunk from "effect/Chunk"
import * as Either from "effect/Either"
import type { Disturbance } from "../Disturbance.js"
import * as FaultPlan from "../FaultPlan.js"
import type { JournalEntry } from "../JournalEntry.js"
import { type Arrival, arrivals } from "./arrivals.js"
import { asDeath } from "./asDeath.js"
import { target } from "./target.js"

/** All that an emulator remembers. `tokens`: when each ends, epoch milliseconds. */
export interface World {
  readonly state: State
  readonly plan: FaultPlan.FaultPlan
  readonly tokens: ReadonlyMap<string, number>
  readonly writes: Readonly<Record<string, number>>
  readonly journal: Chunk.Chunk<JournalEntry>
  readonly sequence: number
}

const journalLimit = 1000

const withState = (world: World, state: State): World => (state === world.state ? world : { ...world, state })

const inflict = (world: World, disturbance: Disturbance, clusterId: string | undefined, at: number): World => {
  const found = target(world.state, disturbance, clusterId)
  const command = Either.isRight(found) ? asDeath(world.state, found.right) : undefined
  return command === undefined
    ? world
    : Either.match(apply(world.state, command, at), {
        onLeft: () => world,
        onRight: ({ state }) => withState(world, state)
      })
}

/** The disturbances that wait for a step strike a cluster that has come to it. */
const arrive = (world: World, { clusterId, ...reached }: Arrival, at: number): World => {
  const [plan, struck] = FaultPlan.reach(world.plan, reached, at)
  return struck.reduce((each, disturbance) => inflict(each, disturbance, clusterId, at), { ...world, plan })
}

/** The world after its state has changed to this one. */
const arriveAll = (world: World, state: State, at: number): World =>
  FaultPlan.awaitsStep(world.plan)
    ? arrivals(world.state, state).reduce((each, arrival) => arrive(each, arrival, at), withState(world, state))
    : withState(world, state)

/** Lets time pass, from one change to the next while a fault waits for a step. */
const proceed = (world: World, now: number): World => {
  let next = world
  while (FaultPlan.awaitsStep(next.plan)) {
    const at = nextTick(next.state)
    if (at === undefined || at > now) break
    next = arriveAll(next, tick(next.state, at), at)
  }
  return arriveAll(next, tick(next.state, now), now)
}

/** Work ends by time: disturbances strike when they are due, and at the steps they wait for. */
const advanceByTime = (world: World, now: number): World => {
  let next = world
  for (let due = FaultPlan.due(next.plan, now); due !== undefined; due = FaultPlan.due(next.plan, now)) {
    const [plan, { at, disturbance }] = due
    next = { ...next, plan }
    next = inflict(proceed(next, at), disturbance, undefined, at)
  }
  return proceed(next, now)
}

/** Time passes. Where work ends by signal, the data plane itself asks for the disturbances that are due. */
export const advance = (world: World, now: number): World => {
  const next =
    world.state.settings.endsBy === "time" ? advanceByTime(world, now) : withState(world, tick(world.state, now))
  return next.state === world.state && next.plan === world.plan ? world : next
}

/** What shall befall the operation that a write begins. */
export interface Arming {
  readonly kind: OperationKind
  readonly outcome: "Sticks" | "Fails"
}

/** Applies a command, with what shall befall its operation; a refused command leaves nothing behind. */
export const command = (
  world: World,
  what: Command,
  now: number,
  arming: ReadonlyArray<Arming> = []
): Either.Either<readonly [Applied, World], Refusal> => {
  const armed = arming.reduce(
    (state, each) =>
      Either.match(apply(state, { _tag: "ArmFault", ...each }, now), {
        onLeft: () => state,
        onRight: (done) => done.state
      }),
    world.state
  )
  return Either.map(apply(armed, what, now), (applied) => [
    applied,
    world.state.settings.endsBy === "time" ? arriveAll(world, applied.state, now) : { ...world, state: applied.state }
  ])
}

export const count = (world: World, operation: string): World => ({
  ...world,
  writes: { ...world.writes, [operation]: (world.writes[operation] ?? 0) + 1 }
})

export const record = (world: World, entry: JournalEntry): World => {
  const journal = Chunk.append(world.journal, entry)
  return { ...world, journal: Chunk.size(journal) > journalLimit ? Chunk.drop(journal, 1) : journal }
}

/** Ends that are past are forgotten, so that the map stays small. */
export const addToken = (world: World, token: string, endsAt: number, now: number): World => ({
  ...world,
  tokens: new Map([...[...world.tokens].filter(([, ends]) => ends > now), [token, endsAt]])
})

export const endToken = (world: World, token: string): World => {
  const tokens = new Map(world.tokens)
  tokens.delete(token)
  return { ...world, tokens }
}
