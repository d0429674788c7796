import type * as Plane from "../../../src/rehearsal/internal/plane.js"
import type { Crash, Hazards, Point, Slow } from "./Hazards.js"

/** What the nth call or the nth write of the journal is in for. */
export interface Moment {
  readonly cancelled: boolean
  readonly closed: boolean
  readonly killed: "before" | "after" | undefined
}

/** A call's moment, with what befalls the call itself. */
export interface CallMoment extends Moment {
  readonly strike: Plane.Strike
  readonly slow: Slow | undefined
}

/** Hands out what befalls a run, each of it once. Calls and writes are counted through every engine. */
export interface Fate {
  readonly nextCall: () => CallMoment
  readonly nextRecord: () => Moment
  readonly calls: () => number
  readonly records: () => number
}

/** The moment of a call that nothing befalls. */
export const uneventful: CallMoment = {
  cancelled: false,
  closed: false,
  killed: undefined,
  strike: { _tag: "None" },
  slow: undefined
}

type Counted = Exclude<Point["at"], "time">

const nthOf = (point: Point | undefined, at: Counted): number | undefined =>
  point?.at === at && "nth" in point ? point.nth : undefined

const momentOf = ({ cancel, crashes }: Hazards, at: Counted, nth: number): Moment => {
  const here = crashes.filter(({ point }) => nthOf(point, at) === nth)
  const how = (wanted: Crash["how"]) => here.some((crash) => crash.how === wanted)
  const killed = how("killed before") ? "before" : how("killed after") ? "after" : undefined
  return { cancelled: nthOf(cancel, at) === nth, closed: how("closed"), killed }
}

/** The fate of one run. */
export const make = (hazards: Hazards): Fate => {
  const { cancel, crashes, slow, strikes } = hazards
  const eventful = (at: Counted) =>
    new Set([cancel, ...crashes.map(({ point }) => point)].flatMap((point) => nthOf(point, at) ?? []))
  const eventfulCalls = new Set([...eventful("call"), ...slow.keys(), ...strikes.keys()])
  const eventfulRecords = eventful("record")
  let calls = 0
  let records = 0
  return {
    nextCall: () => {
      const nth = calls++
      if (!eventfulCalls.has(nth)) return uneventful
      const strike = strikes.get(nth) ?? uneventful.strike
      return { ...momentOf(hazards, "call", nth), strike, slow: slow.get(nth) }
    },
    nextRecord: () => {
      const nth = records++
      return eventfulRecords.has(nth) ? momentOf(hazards, "record", nth) : uneventful
    },
    calls: () => calls,
    records: () => records
  }
}
