import * as DateTime from "effect/DateTime"
import type { Definition, Order, Plan, Tick } from "./records.js"
import { after, newest, type Times } from "./times.js"

/** @internal */
export const iso = (at: number): string => DateTime.formatIso(DateTime.unsafeMake(at))

/** @internal The id of the run that a schedule starts for one of its times, such as `drill@2026-11-28T18:00:00Z`. */
export const runIdOf = (schedule: string, at: number): string => `${schedule}@${iso(at).replace(".000Z", "Z")}`

/** @internal The id of a run started out of turn; it always has milliseconds, so it is none of a time of the schedule. */
export const triggeredId = (schedule: string, at: number): string => `${schedule}@${iso(at)}`

/** The first of the times that are due and shall still be fired. */
const firstToFire = ({ catchUp, catchUpLimit, grace }: Definition, times: Times, from: number, now: number) => {
  const fresh = after(times, Math.max(from, now - grace) - 1)
  if (catchUp === "all") {
    const [oldest] = newest(times, from, now, catchUpLimit)
    return oldest === undefined ? undefined : Math.min(oldest, fresh)
  }
  if (fresh <= now) return fresh
  return catchUp === "last" ? newest(times, from, now, 1)[0] : undefined
}

const due = ({ definition }: Tick, times: Times, from: number, now: number): Plan => {
  const at = firstToFire(definition, times, from, now)
  const next = after(times, at ?? now)
  const kept = at ?? next
  return {
    now,
    fire: at === undefined ? null : { at, run: runIdOf(definition.name, at) },
    missed: kept > from ? { from, until: kept } : null,
    next: { definition, at: next }
  }
}

const nothing = { fire: null, missed: null } as const

const defined = (tick: Tick, definition: Definition, times: Times, now: number): Plan => {
  const { cron, timeZone } = tick.definition
  const same = cron === definition.cron && timeZone === definition.timeZone
  const at = tick.at === null || same ? tick.at : after(times, now)
  return { now, ...nothing, next: { definition, at } }
}

/** @internal What a tick does about an order, or, without one, about its time. `times` are those of what is in force then. */
export const decide = (tick: Tick, order: Order | undefined, times: Times, now: number): Plan => {
  const { at, definition } = tick
  switch (order?._tag) {
    case undefined:
      return due(tick, times, at ?? now, now)
    case "Pause":
      return { now, ...nothing, next: { definition, at: null } }
    case "Resume":
      return { now, ...nothing, next: { definition, at: at ?? after(times, now) } }
    case "Remove":
      return { now, ...nothing, next: null }
    case "Trigger":
      return { now, fire: { at: now, run: order.run }, missed: null, next: { definition, at } }
    case "Define":
      return defined(tick, order.definition, times, now)
  }
}
