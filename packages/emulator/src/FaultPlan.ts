/**
 * Faults in waiting: pure and seeded, so that the same requests meet the same faults.
 *
 * @since 0.1.0
 */
import type { OperationKind } from "@memstore-flows/model/Operation"
import { PCGRandom, type PCGRandomState } from "effect/Utils"
import type { Disturbance } from "./Disturbance.js"
import type { Action, Armed, Fault, Match, OperationName } from "./Faults.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface FaultPlan {
  readonly faults: ReadonlyArray<Armed>
  readonly random: Readonly<PCGRandomState>
  readonly counter: number
}

/**
 * What a plan knows of a request.
 *
 * @since 0.1.0
 * @category models
 */
export interface Met {
  readonly operation: OperationName
  readonly method: string
  readonly path: string
}

/**
 * A step that the work on a cluster has come to. `operation`: the kind of its work.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reached {
  readonly operation: OperationKind
  readonly step: string
}

/**
 * A plan without faults. `seed`: for faults with a probability, default 1.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (seed = 1): FaultPlan => ({ faults: [], random: new PCGRandom(seed).getState(), counter: 0 })

/**
 * Adds a fault at the end; the second value is its id, `f1`, `f2` and so on.
 *
 * @since 0.1.0
 * @category combinators
 */
export const add = (plan: FaultPlan, fault: Fault, now: number): readonly [FaultPlan, string] => {
  const counter = plan.counter + 1
  const id = `f${counter}`
  const armed: Armed = { id, match: fault.match ?? {}, do: fault.do, addedAt: now, seen: 0, fired: 0 }
  return [{ ...plan, counter, faults: [...plan.faults, armed] }, id]
}

/**
 * @since 0.1.0
 * @category combinators
 */
export const remove = (plan: FaultPlan, id: string): FaultPlan => ({
  ...plan,
  faults: plan.faults.filter((fault) => fault.id !== id)
})

/**
 * @since 0.1.0
 * @category combinators
 */
export const clear = (plan: FaultPlan): FaultPlan => ({ ...plan, faults: [] })

const limit = ({ nth, probability, times }: Match): number => {
  if (times === "always") return Number.POSITIVE_INFINITY
  if (times !== undefined) return times
  return probability !== undefined && nth === undefined ? Number.POSITIVE_INFINITY : 1
}

const isSpent = (fault: Armed): boolean => fault.fired >= limit(fault.match)

/** A disturbance bound to nothing but a time: no request is needed for it to strike. */
const isScheduled = ({ do: action, match }: Armed): boolean =>
  action._tag === "Disturb" &&
  match.afterMillis !== undefined &&
  match.step === undefined &&
  match.operation === undefined &&
  match.method === undefined &&
  match.route === undefined &&
  match.nth === undefined &&
  match.probability === undefined

const fitsRoute = (route: string, path: string): boolean => {
  const wanted = route.split("/")
  const given = path.split("/")
  return (
    wanted.length === given.length &&
    wanted.every((segment, index) => segment === "*" || segment.startsWith(":") || segment === given[index])
  )
}

const isTime = ({ addedAt, match }: Armed, now: number): boolean =>
  match.afterMillis === undefined || addedAt + match.afterMillis <= now

const fits = ({ match }: Armed, met: Met): boolean =>
  match.step === undefined &&
  (match.operation === undefined || match.operation === met.operation) &&
  (match.method === undefined || match.method === met.method) &&
  (match.route === undefined || fitsRoute(match.route, met.path))

const fitsStep = ({ match }: Armed, { operation, step }: Reached): boolean =>
  match.step === step && (match.operation === undefined || match.operation.replace("Restore", "Create") === operation)

/**
 * A fault that struck.
 *
 * @since 0.1.0
 * @category models
 */
export interface Struck {
  readonly id: string
  readonly action: Action
}

const strike = (plan: FaultPlan, concerns: (fault: Armed) => boolean): readonly [FaultPlan, ReadonlyArray<Struck>] => {
  const random = new PCGRandom(0)
  random.setState([...plan.random])
  const struck: Array<Struck> = []
  const faults = plan.faults.map((fault) => {
    if (isScheduled(fault) || isSpent(fault) || !concerns(fault)) return fault
    const seen = fault.seen + 1
    const { nth, probability } = fault.match
    const strikes = (nth === undefined || seen === nth) && (probability === undefined || random.number() < probability)
    if (strikes) struck.push({ id: fault.id, action: fault.do })
    return { ...fault, seen, fired: fault.fired + (strikes ? 1 : 0) }
  })
  return [{ ...plan, faults, random: random.getState() }, struck]
}

/**
 * Which faults a request meets, in the order they were added, and the plan after that.
 *
 * @since 0.1.0
 * @category combinators
 */
export const meet = (plan: FaultPlan, met: Met, now: number): readonly [FaultPlan, ReadonlyArray<Struck>] =>
  strike(plan, (fault) => isTime(fault, now) && fits(fault, met))

/**
 * Which disturbances the work on a cluster meets at a step, in the order they were added, and the plan after that.
 *
 * @since 0.1.0
 * @category combinators
 */
export const reach = (
  plan: FaultPlan,
  reached: Reached,
  now: number
): readonly [FaultPlan, ReadonlyArray<Disturbance>] => {
  if (!awaitsStep(plan)) return [plan, []]
  const [rest, struck] = strike(plan, (fault) => isTime(fault, now) && fitsStep(fault, reached))
  return [rest, struck.flatMap(({ action }) => (action._tag === "Disturb" ? [action.disturbance] : []))]
}

/**
 * Whether a fault waits for a step.
 *
 * @since 0.1.0
 * @category getters
 */
export const awaitsStep = ({ faults }: FaultPlan): boolean =>
  faults.some((fault) => fault.match.step !== undefined && !isSpent(fault))

/**
 * A disturbance whose time has come.
 *
 * @since 0.1.0
 * @category models
 */
export interface Due {
  readonly at: number
  readonly disturbance: Disturbance
}

/**
 * The earliest disturbance that is due by `now` without any request, and the plan without it; `undefined` for none.
 *
 * @since 0.1.0
 * @category combinators
 */
export const due = (plan: FaultPlan, now: number): readonly [FaultPlan, Due] | undefined => {
  const at = (fault: Armed) => fault.addedAt + (fault.match.afterMillis ?? 0)
  const [first] = plan.faults
    .filter((fault) => isScheduled(fault) && fault.fired === 0 && at(fault) <= now)
    .sort((a, b) => at(a) - at(b))
  if (first === undefined || first.do._tag !== "Disturb") return undefined
  const faults = plan.faults.map((fault) => (fault === first ? { ...fault, fired: 1 } : fault))
  return [
    { ...plan, faults },
    { at: at(first), disturbance: first.do.disturbance }
  ]
}
