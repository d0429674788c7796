import { limits } from "@memstore-flows/api/Limits"
import type * as Event from "@memstore-flows/engine/Event"
import type { State } from "@memstore-flows/model/State"
import * as Topology from "@memstore-flows/model/Topology"
import * as View from "@memstore-flows/model/View"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Checks from "../../Checks.js"
import { describe, Finding } from "../../Finding.js"
import * as Plan from "../Plan.js"
import { assumptionsOf, basisOf, type Ground } from "./ground.js"
import { namedIn } from "./live.js"
import { rename } from "./rename.js"
import type { Sent, Trial } from "./trial.js"
import { requestOf } from "./undoOf.js"

interface Made {
  readonly flow: { readonly name: string; readonly version: number }
  readonly encoded: unknown
  readonly resource: string | null
  readonly ground: Ground
  readonly trial: Trial<unknown, unknown>
  readonly undos: ReadonlyArray<Option.Option<Plan.Undo | null>>
}

const reportOf = Schema.decodeUnknownOption(Schema.parseJson(Checks.Report))
const isFinding = Schema.is(Finding)

const reasonsOf = (error: unknown): ReadonlyArray<string> =>
  typeof error === "object" && error !== null && "findings" in error && Array.isArray(error.findings)
    ? error.findings.filter(isFinding).map(describe)
    : []

const endingOf = ({ calls, outcome }: Trial<unknown, unknown>): Plan.Ending => {
  switch (outcome._tag) {
    case "Succeeded":
      return { _tag: "Succeeds" }
    case "Cancelled":
      return { _tag: "Dies", message: "cancelled" }
    case "Died":
      return { _tag: "Dies", message: outcome.defect.message }
    case "Failed": {
      const { error } = outcome
      const tag = typeof error === "object" && error !== null && "_tag" in error ? String(error._tag) : "Error"
      const message = error instanceof Error ? error.message : ""
      const sent = calls.some(({ status }) => status === 200)
      return { _tag: sent ? "Fails" : "Refused", error: tag, message, reasons: reasonsOf(error) }
    }
  }
}

const kinds = {
  StepStarted: "step",
  StepSucceeded: "step",
  StepFailed: "step",
  Sleeping: "sleep",
  Woken: "sleep",
  WaitingForSignal: "question",
  SignalReceived: "question",
  SignalTimedOut: "question"
} as const

const begins = (event: Event.Event): boolean =>
  event._tag === "StepStarted" || event._tag === "Sleeping" || event._tag === "WaitingForSignal"

const phasesOf = ({ at, endedAt, events }: Trial<unknown, unknown>): ReadonlyArray<Plan.Phase> => {
  const phases = new Map<string, Plan.Phase>()
  for (const event of events) {
    if (!("step" in event) || !(event._tag in kinds)) continue
    const kind = kinds[event._tag as keyof typeof kinds] // It is one of them.
    const open = phases.get(event.step)
    const time = Math.round(event.at - at)
    if (begins(event) || open === undefined) {
      phases.set(event.step, {
        name: event.step,
        kind,
        from: open?.from ?? time,
        to: Math.round(endedAt - at),
        failed: false
      })
    }
    const known = phases.get(event.step)
    if (!begins(event) && known !== undefined) {
      const failed = event._tag === "StepFailed" || event._tag === "SignalTimedOut"
      phases.set(event.step, { ...known, to: time, failed })
    }
  }
  return [...phases.values()].sort((a, b) => a.from - b.from)
}

const clustersOf = (state: State, touched: ReadonlySet<string>, at: number): ReadonlyArray<Plan.Cluster> =>
  state.clusters
    .filter(({ id }) => touched.has(id))
    .map(({ id, name }) => ({ id, name, shards: Either.getOrElse(View.listShards(state, id, at), () => []) }))

const endpointsOf = (clusters: ReadonlyArray<Plan.Cluster>) =>
  clusters.flatMap(({ id, shards }) =>
    Topology.nodes(Topology.make(shards)).map(({ node, shardId }) => ({
      clusterId: id,
      shardId,
      nodeId: node.id,
      subnetId: node.subnet.id,
      address: node.endpoint
    }))
  )

const count = (
  clusters: ReadonlyArray<{ readonly shards: ReadonlyArray<{ readonly nodes: ReadonlyArray<unknown> }> }>
) => clusters.reduce((sum, { shards }) => sum + shards.reduce((each, { nodes }) => each + nodes.length, 0), 0)

const callOf = (call: Sent, at: number, undo: Plan.Undo | null): Plan.Call => ({
  ...requestOf(call),
  after: Math.round(call.at - at),
  status: call.status,
  message: call.message,
  undoes: call.undo,
  undo
})

const callsOf = (trial: Trial<unknown, unknown>, undos: Made["undos"]): ReadonlyArray<Plan.Call> => {
  let forward = 0
  return trial.calls.map((call) => {
    const undo = call.undo || call.status !== 200 ? null : Option.getOrNull(undos[forward++] ?? Option.none())
    return callOf(call, trial.at, undo)
  })
}

const restoredIn = ({ calls }: Trial<unknown, unknown>): ReadonlySet<string> =>
  new Set(
    calls.flatMap(({ body }) => {
      const source =
        typeof body === "object" && body !== null && "restoreSource" in body ? body.restoreSource : undefined
      return typeof source === "object" && source !== null ? Object.values(source).map(String) : []
    })
  )

/** The plan that a trial amounts to. */
export const planOf = ({ encoded, flow, ground, resource, trial, undos }: Made): Plan.Plan => {
  const { at, born, endedAt, entries, peakNodes, reads, state, touched } = trial
  const objects = new Set([
    ...touched,
    ...[...born.keys()].filter((id) => state.clusters.some((each) => each.id === id))
  ])
  const basis = basisOf(ground, new Set([...touched, ...namedIn(encoded)]), restoredIn(trial))
  const after = clustersOf(state, objects, endedAt)
  const [old, now] = [endpointsOf(basis.before), endpointsOf(after)]
  const plan: Plan.Plan = {
    format: 1,
    flow: { name: flow.name, version: flow.version },
    resource,
    payload: encoded,
    madeAt: Math.round(at),
    takes: Math.round(endedAt - at),
    fingerprint: Plan.fingerprint(basis),
    ending: endingOf(trial),
    calls: callsOf(trial, undos),
    phases: phasesOf(trial),
    questions: trial.asked.map((asked) => ({
      step: asked.step,
      text: asked.question,
      after: Math.round(asked.at - at),
      within: asked.until === null ? null : Math.round(asked.until - asked.at)
    })),
    before: basis.before,
    after,
    backups: basis.backups,
    endpoints: {
      added: now.filter(({ nodeId }) => !old.some((each) => each.nodeId === nodeId)),
      removed: old.filter(({ nodeId }) => !now.some((each) => each.nodeId === nodeId))
    },
    nodes: {
      before: count(ground.clusters),
      peak: peakNodes,
      after: count(state.clusters),
      limit: limits.nodesPerProject
    },
    checks: entries.flatMap(({ kind, value }) =>
      kind === "step" && value !== null ? Option.toArray(reportOf(value)) : []
    ),
    reads,
    assumptions: [
      ...assumptionsOf(ground),
      ...trial.asked.map(({ question, step }) => `the question "${question || step}" is answered with yes, at once`)
    ]
  }
  return rename(born, plan)
}
