import * as Apply from "@memstore-flows/model/Apply"
import type { Command } from "@memstore-flows/model/Command"
import * as Latencies from "@memstore-flows/model/Latencies"
import * as State from "@memstore-flows/model/State"
import * as Tick from "@memstore-flows/model/Tick"
import * as View from "@memstore-flows/model/View"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Random from "effect/Random"
import { between, type Given, oneOf, spec } from "../Given.js"
import type { Subject, Subjects } from "../Subjects.js"
import * as Hazards from "./Hazards.js"
import type { Lived } from "./Life.js"
import { rest, shapeOf } from "./Shape.js"

/** A flow, a project and a payload, and the run in which nothing befalls them. */
export interface Ground {
  readonly flow: string
  readonly given: Given
  readonly state: State.State
  readonly subject: Subject
  readonly calm: Lived
  /** The shape of the project before, and after the calm run. */
  readonly shape: string
  readonly promise: string
  /** Whether a secret is about, so that the events are to be kept. */
  readonly secretive: boolean
}

const start = Date.UTC(2026, 0, 5)
const hour = 3_600_000

const after = (state: State.State, command: Command, millis: number): State.State =>
  Either.match(Apply.apply(state, command, state.clock), {
    onLeft: () => state,
    onRight: (applied) => Tick.tick(applied.state, applied.state.clock + millis)
  })

const project = Effect.gen(function* () {
  const latencies = yield* oneOf([Latencies.instant, Latencies.fast, Latencies.fast])
  const request = { ...(yield* spec), backupSchedule: { cron: "0 3 * * *", retentionLimit: 7 } }
  const empty = State.make({ settings: { latencies } })
  const made = after({ ...empty, clock: start }, { _tag: "CreateCluster", request }, hour)
  const clusterId = made.clusters[0]?.id ?? ""
  const backedUp = after(made, { _tag: "CreateBackup", clusterId, name: "nightly" }, hour)
  const neighbour = { ...(yield* spec), name: "neighbour" }
  const crowded = (yield* between(0, 2)) === 0
  const state = crowded ? after(backedUp, { _tag: "CreateCluster", request: neighbour }, hour) : backedUp
  const shardsOf = (id: string) => Either.getOrElse(View.listShards(state, id, state.clock), () => [])
  const others = state.clusters.flatMap(({ id }) => (id === clusterId ? [] : [{ clusterId: id, shards: shardsOf(id) }]))
  const given: Given = {
    clusterId,
    shards: shardsOf(clusterId),
    spec: request,
    others,
    ...((yield* Random.nextBoolean) ? { user: { name: "app" } } : {})
  }
  return { state, given }
})

const drawn = (subjects: Subjects, number: number): Effect.Effect<Ground, unknown> =>
  Effect.gen(function* () {
    const { given, state } = yield* project
    const flows = Object.entries(subjects)
    const [flow, subjectOf] = flows[number % flows.length] ?? (yield* Effect.dieMessage("no flow"))
    const subject = yield* subjectOf(given)
    const secretive = JSON.stringify(subject.payload).includes('"user"')
    const answer = { approved: true, by: "ann" }
    const calm = yield* subject.live({ state, seed: number, hazards: Hazards.none, watched: secretive, answer })
    const promise = shapeOf(rest(calm.state, calm.endedAt))
    return { flow, given, state, subject, calm, shape: shapeOf(state), promise, secretive }
  })

/** The ground of a number: the same each time. Three of four are drawn until they are not refused, some times at most. */
export const make = (subjects: Subjects, number: number): Effect.Effect<Ground, unknown> =>
  Effect.gen(function* () {
    const picky = (yield* between(1, 4)) > 1
    let ground = yield* drawn(subjects, number)
    for (let more = 4; picky && more > 0 && ground.calm.outcome._tag !== "Succeeded"; more--) {
      ground = yield* drawn(subjects, number)
    }
    return ground
  }).pipe(Effect.withRandom(Random.make(`ground ${number}`)))
