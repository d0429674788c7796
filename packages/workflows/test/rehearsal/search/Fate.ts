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

const none: Plane.Strike = { _tag: "None" }

const isAt = (point: Point | undefined, at: Point["at"], nth: number) =>
  point !== undefined && point.at === at && "nth" in point && point.nth === nth

/** The fate of one run. */
export const make = ({ cancel, crashes, slow, strikes }: Hazards): Fate => {
  let calls = 0
  let records = 0
  const moment = (at: "call" | "record", nth: number): Moment => {
    const here = crashes.filter(({ point }) => isAt(point, at, nth))
    const how = (wanted: Crash["how"]) => here.some((crash) => crash.how === wanted)
    const killed = how("killed before") ? "before" : how("killed after") ? "after" : undefined
    return { cancelled: isAt(cancel, at, nth), closed: how("closed"), killed }
  }
  return {
    nextCall: () => {
      const nth = calls++
      return { ...moment("call", nth), strike: strikes.get(nth) ?? none, slow: slow.get(nth) }
    },
    nextRecord: () => moment("record", records++),
    calls: () => calls,
    records: () => records
  }
}
