import { type Applied, apply } from "@memstore-flows/model/Apply"
import type { Command } from "@memstore-flows/model/Command"
import type { OperationKind } from "@memstore-flows/model/Operation"
import type { Refusal } from "@memstore-flows/model/Refusal"
import type { State } from "@memstore-flows/model/State"
import { tick } from "@memstore-flows/model/Tick"
import * as Chunk from "effect/Chunk"
import * as Either from "effect/Either"
import * as FaultPlan from "../FaultPlan.js"
import type { JournalEntry } from "../JournalEntry.js"
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

/** Time passes: disturbances strike when they are due, work that is done ends. */
export const advance = (world: World, now: number): World => {
  let { plan, state } = world
  for (let next = FaultPlan.due(plan, now); next !== undefined; next = FaultPlan.due(plan, now)) {
    const [rest, { at, disturbance }] = next
    plan = rest
    state = tick(state, at)
    const command = target(state, disturbance, undefined)
    if (Either.isRight(command)) {
      state = Either.match(apply(state, command.right, at), { onLeft: () => state, onRight: (done) => done.state })
    }
  }
  const ticked = tick(state, now)
  return ticked === world.state && plan === world.plan ? world : { ...world, plan, state: ticked }
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
  return Either.map(apply(armed, what, now), (applied) => [applied, { ...world, state: applied.state }])
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
