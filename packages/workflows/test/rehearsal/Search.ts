import * as Slots from "@memstore-flows/api/Slots"
import * as Apply from "@memstore-flows/model/Apply"
import type { Command } from "@memstore-flows/model/Command"
import * as State from "@memstore-flows/model/State"
import * as Tick from "@memstore-flows/model/Tick"
import * as View from "@memstore-flows/model/View"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Random from "effect/Random"
import type { Strike } from "../../src/rehearsal/internal/plane.js"
import type { Options, Trial } from "../../src/rehearsal/internal/trial.js"
import { between, oneOf, spec, subjects } from "./Subjects.js"

const start = Date.UTC(2026, 0, 5)
const hour = 3_600_000

const after = (state: State.State, command: Command, millis: number): State.State =>
  Either.match(Apply.apply(state, command, state.clock), {
    onLeft: () => state,
    onRight: (applied) => Tick.tick(applied.state, applied.state.clock + millis)
  })

const ground = Effect.gen(function* () {
  const request = yield* spec
  const empty = { ...State.make(), clock: start }
  const made = after(empty, { _tag: "CreateCluster", request }, 60_000)
  const clusterId = made.clusters[0]?.id ?? ""
  const state = after(made, { _tag: "CreateBackup", clusterId, name: "nightly" }, 60_000)
  const shards = Either.getOrElse(View.listShards(state, clusterId, state.clock), () => [])
  return { state, given: { clusterId, shards, spec: request } }
})

const strikes: readonly [Strike, ...Array<Strike>] = [
  { _tag: "AnswerLost" },
  { _tag: "RequestLost" },
  { _tag: "Status", status: 500 },
  { _tag: "Status", status: 429 }
]

/** Up to three faults, each at a call by its number. */
const faults = Effect.gen(function* () {
  const at = new Map<number, Strike>()
  for (let left = yield* between(0, 3); left > 0; left--) at.set(yield* between(0, 40), yield* oneOf(strikes))
  return at
})

const disturbance = (clusterId: string, shardId: string, nodeId: string, kind: "dies" | "fails over"): Command =>
  kind === "dies" ? { _tag: "FailNode", clusterId, shardId, nodeId } : { _tag: "SwitchPrimary", clusterId, shardId }

const count = ({ clusters }: State.State) => ({
  clusters: clusters.length,
  nodes: clusters.reduce((sum, { shards }) => sum + shards.reduce((each, { nodes }) => each + nodes.length, 0), 0)
})

const tally = ({ calls }: Trial<unknown, unknown>) => {
  const counts: Record<string, number> = {}
  for (const { operation, status, undo } of calls) {
    if (!undo && status === 200) counts[operation] = (counts[operation] ?? 0) + 1
  }
  return counts
}

/** What is wrong with how a trial ended; empty when nothing is. */
const broken = (
  before: State.State,
  calm: Trial<unknown, unknown>,
  trial: Trial<unknown, unknown>,
  replans: boolean
) => {
  const wrong: Array<string> = []
  const rested = Tick.tick(trial.state, trial.endedAt + hour)
  for (const { failedAt, id } of rested.clusters) {
    if (failedAt !== null) continue
    const shards = Either.getOrElse(View.listShards(rested, id, rested.clock), () => [])
    const held = shards.map(({ slots }) => Either.getOrElse(Slots.parse(slots), (): Slots.Slots => []))
    const { missing, overlapping } = Slots.coverage(held)
    if (missing.length + overlapping.length > 0) wrong.push(`cluster ${id} does not cover every slot once`)
    if (shards.some(({ nodes }) => nodes.filter(({ role }) => role === "primary").length !== 1)) {
      wrong.push(`cluster ${id} has a shard without a single primary`)
    }
  }
  const { outcome } = trial
  if (outcome._tag === "Died") wrong.push(`died: ${outcome.defect.message}`)
  const [was, is] = [count(before), count(rested)]
  const reported = outcome._tag === "Succeeded" || outcome.undo.notUndone.length > 0
  if (!reported && (is.clusters > was.clusters || is.nodes > was.nodes)) {
    wrong.push(`left behind without a word: ${JSON.stringify({ was, is })}`)
  }
  if (calm.outcome._tag === "Succeeded" && !replans) {
    const planned = tally(calm)
    for (const [operation, times] of Object.entries(tally(trial))) {
      if (times > (planned[operation] ?? 0))
        wrong.push(`${operation} ${times} times, planned ${planned[operation] ?? 0}`)
    }
  }
  return wrong
}

/** What one seed came to. */
export interface Found {
  readonly seed: number
  readonly flow: string
  readonly what: string
  readonly ended: string
  readonly wrong: ReadonlyArray<string>
}

/** One trial, all of it drawn from its seed. */
export const search = (seed: number): Effect.Effect<Found> =>
  Effect.gen(function* () {
    const [first, ...names] = Object.entries(subjects)
    const [flow, subjectOf] = yield* oneOf([first ?? (yield* Effect.dieMessage("no flow")), ...names])
    const { given, state } = yield* ground
    const subject = yield* subjectOf(given)
    const ids = JSON.stringify(state)
    const options: Options = {
      at: state.clock,
      bounds: { moves: 100_000, tasks: 1_000_000 },
      state,
      isLive: (id) => ids.includes(id)
    }
    const calm = yield* subject.trial(options)
    const at = yield* faults
    const cancelAfter = (yield* Random.nextBoolean) ? yield* between(0, Math.max(0, calm.calls.length)) : undefined
    const kind = yield* oneOf<"dies" | "fails over" | "nothing">(["dies", "fails over", "nothing", "nothing"])
    const when = yield* between(0, 20_000)
    const shard = yield* between(0, given.shards.length - 1)
    const node = yield* between(0, given.spec.nodeCountPerShard - 1)
    let calls = 0
    const disturbed: Options = {
      ...options,
      ...(cancelAfter === undefined ? {} : { cancelAfter }),
      strike: () => at.get(calls++) ?? { _tag: "None" },
      meddle: ({ become }) =>
        Effect.delay(
          Effect.sync(() => {
            if (kind === "nothing") return
            const { id = "", nodes = [] } = given.shards[shard] ?? {}
            const command = disturbance(given.clusterId, id, nodes[node]?.id ?? "", kind)
            become((now, time) =>
              Either.match(Apply.apply(now, command, time), { onLeft: () => now, onRight: (a) => a.state })
            )
          }),
          when
        )
    }
    const trial = yield* subject.trial(disturbed)
    // It looks anew after each move: a node that heals into the subnet, or a role that moves, is one more thing to do.
    const replans = flow === "EvacuateSubnet" && kind !== "nothing"
    const what = JSON.stringify({ payload: subject.payload, faults: [...at], cancelAfter, kind, when })
    return { seed, flow, what, ended: trial.outcome._tag, wrong: broken(state, calm, trial, replans) }
  }).pipe(
    Effect.catchAll((error) =>
      Effect.succeed({ seed, flow: "", what: "", ended: "Stalled", wrong: [`no end: ${JSON.stringify(error)}`] })
    ),
    Effect.withRandom(Random.make(`search ${seed}`))
  )
