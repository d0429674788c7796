/**
 * How long the service takes, learned from runs that had been rehearsed.
 *
 * @since 0.1.0
 */
import type { Event } from "@memstore-flows/engine/Event"
import * as Latencies from "@memstore-flows/model/Latencies"
import * as Regex from "effect/RegExp"
import type { Plan } from "./Plan.js"

/**
 * A plan, and what happened in the run that followed it: the events of `Runs.events`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sample {
  readonly plan: Plan
  readonly events: ReadonlyArray<Event>
}

type Field = keyof Latencies.Latencies

/** What takes its time in a call. */
const concerned: Readonly<Record<string, ReadonlyArray<Field>>> = {
  CreateCluster: ["init", "create"],
  RestoreCluster: ["init", "create", "restore"],
  UpdateCluster: ["modify"],
  DeleteCluster: ["remove"],
  AddShard: ["addNodes", "slotsPerSecond"],
  DeleteShard: ["removeNodes", "slotsPerSecond"],
  AddReplica: ["addNodes", "sync"],
  DeleteNode: ["removeNodes"],
  CreateBackup: ["backupPending", "backup"]
}

interface Span {
  readonly from: number
  readonly to: number
}

const overlap = (a: Span, b: Span): number => Math.max(0, Math.min(a.to, b.to) - Math.max(a.from, b.from))

/** How long of a span the service was worked with, and nobody slept or waited for a person. */
const worked = (span: Span, waits: ReadonlyArray<Span>): number =>
  waits.reduce((left, wait) => left - overlap(span, wait), span.to - span.from)

const ends = new Set(["Woken", "SignalReceived", "SignalTimedOut"])

const waitsIn = (events: ReadonlyArray<Event>): ReadonlyArray<Span> =>
  events.flatMap((event, index) => {
    if (event._tag !== "Sleeping" && event._tag !== "WaitingForSignal") return []
    const end = events.slice(index).find((each) => ends.has(each._tag) && "step" in each && each.step === event.step)
    return end === undefined ? [] : [{ from: event.at, to: end.at }]
  })

/** From each to the next, the last one to the end. */
const spansOf = (starts: ReadonlyArray<number>, end: number): ReadonlyArray<Span> =>
  starts.map((from, index) => ({ from, to: starts[index + 1] ?? end }))

const unborn = /new-(?:cluster|node|backup)-\d+/

/** Steps that may be the planned one: what was not there when the plan was made has another name now. */
const patternOf = (planned: string): RegExp => new RegExp(`^${planned.split(unborn).map(Regex.escape).join(".+")}$`)

/** When each planned step began: the first of its name that is no other's. */
const startsIn = (events: ReadonlyArray<Event>) => {
  const begun = events.flatMap((event) =>
    event._tag === "StepPrepared" || event._tag === "StepStarted"
      ? [{ step: event.step, tag: event._tag, at: event.at }]
      : []
  )
  const names = new Map<string, string>()
  return (planned: string): number | undefined => {
    const taken = new Set(names.values())
    const pattern = patternOf(planned)
    const name = names.get(planned) ?? begun.find(({ step }) => !taken.has(step) && pattern.test(step))?.step
    if (name === undefined) return undefined
    names.set(planned, name)
    const own = begun.filter(({ step }) => step === name)
    return (own.find(({ tag }) => tag === "StepPrepared") ?? own[0])?.at
  }
}

/** How many times longer than planned each call took, up to the next one. */
const ratios = ({ events, plan }: Sample): ReadonlyArray<readonly [operation: string, ratio: number]> => {
  const end = events.find(({ _tag }) => _tag === "RunSucceeded")
  if (end === undefined || plan.ending._tag !== "Succeeds") return []
  const startOf = startsIn(events)
  const sent = plan.calls.flatMap((call) => {
    const at = startOf(call.step)
    return at === undefined ? [] : [{ ...call, at }]
  })
  if (sent.length < plan.calls.length) return []
  const pauses = plan.phases.filter(({ kind }) => kind !== "step")
  const planned = spansOf(
    sent.map(({ after }) => after),
    plan.takes
  ).map((span) => worked(span, pauses))
  const waits = waitsIn(events)
  const took = spansOf(
    sent.map(({ at }) => at),
    end.at
  ).map((span) => worked(span, waits))
  return sent.flatMap(({ operation }, index) => {
    const [expected = 0, found = 0] = [planned[index], took[index]]
    return expected > 0 && found > 0 ? [[operation, found / expected] as const] : []
  })
}

const mean = (values: ReadonlyArray<number>): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)

/**
 * Durations for the next rehearsal: those the plans were made with (`base`, `Latencies.realistic` unless given), each
 * longer or shorter by as much as the calls it belongs to took in the runs. What no run tells of stays as it was.
 *
 * A call lasts until the next one, sleeps and questions left out. Runs that did not succeed, and plans whose steps the
 * run does not have, tell nothing. Pure.
 *
 * @since 0.1.0
 * @category constructors
 */
export const latencies = (
  samples: ReadonlyArray<Sample>,
  base: Latencies.Latencies = Latencies.realistic
): Latencies.Latencies => {
  const found = samples.flatMap(ratios)
  const learned = (field: Field): number => {
    const own = found.filter(([operation]) => concerned[operation]?.includes(field)).map(([, ratio]) => ratio)
    if (own.length === 0) return base[field]
    return field === "slotsPerSecond" ? base[field] / mean(own) : base[field] * mean(own)
  }
  // It has the fields of `base`.
  const fields = Object.keys(base) as ReadonlyArray<Field>
  return { ...base, ...Object.fromEntries(fields.map((field) => [field, learned(field)])) }
}
