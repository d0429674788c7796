import type { Command } from "@memstore-flows/model/Command"
import type { Strike } from "../../../src/rehearsal/internal/plane.js"
import type { Given } from "../Given.js"
import type { Draw } from "./Draw.js"

/** Where in a run something strikes: at a call or at a write of the journal, by number; or at a time, in milliseconds. */
export type Point =
  | { readonly at: "call"; readonly nth: number }
  | { readonly at: "record"; readonly nth: number }
  | { readonly at: "time"; readonly millis: number }

/**
 * The end of the engine: `killed` on one side of a call or of a write, where nothing of it goes on; or `closed`, where
 * it ends in order. `away`: how long until the next engine opens on the journal.
 */
export interface Crash {
  readonly how: "killed before" | "killed after" | "closed"
  readonly point: Point
  readonly away: number
}

/** A call whose request or whose answer takes its time. */
export interface Slow {
  readonly where: "request" | "answer"
  readonly millis: number
}

/** All that befalls a run; calls and writes of the journal are numbered from 0, through every engine. */
export interface Hazards {
  readonly strikes: ReadonlyMap<number, Strike>
  readonly slow: ReadonlyMap<number, Slow>
  readonly cancel: Point | undefined
  readonly crashes: ReadonlyArray<Crash>
  readonly disturbances: ReadonlyArray<{ readonly after: number; readonly command: Command }>
}

export const none: Hazards = {
  strikes: new Map(),
  slow: new Map(),
  cancel: undefined,
  crashes: [],
  disturbances: []
}

/** How long the same run is when nothing befalls it, and which of its calls are writes. */
export interface Extent {
  readonly calls: number
  readonly writes: ReadonlyArray<number>
  readonly records: number
  readonly millis: number
}

const strikes: readonly [Strike, ...Array<Strike>] = [
  { _tag: "AnswerLost" },
  { _tag: "AnswerLost" },
  { _tag: "RequestLost" },
  { _tag: "Status", status: 500 },
  { _tag: "Status", status: 429 },
  { _tag: "StatusAfter", status: 504 }
]

/** A call by its number: every other time a write. Most calls are reads, and end a run that has not done anything yet. */
const callIn = (draw: Draw, { calls, writes: [first, ...others] }: Extent): number =>
  first !== undefined && draw.onceIn(2) ? draw.oneOf([first, ...others]) : draw.between(0, calls + 1)

const timeIn = (draw: Draw, { millis }: Extent) => draw.between(0, Math.max(1000, Math.round(millis * 1.2)))

const pointIn = (draw: Draw, extent: Extent): Point => {
  switch (draw.oneOf(["call", "record", "time"])) {
    case "call":
      return { at: "call", nth: callIn(draw, extent) }
    case "record":
      return { at: "record", nth: draw.between(0, extent.records + 2) }
    default:
      return { at: "time", millis: timeIn(draw, extent) }
  }
}

const minute = 60_000

const crashIn = (draw: Draw, extent: Extent): Crash => ({
  how: draw.oneOf(["killed before", "killed after", "closed"]),
  point: pointIn(draw, extent),
  away: draw.oneOf([0, 1000, minute, 90 * minute])
})

const times = <A>(count: number, make: () => A): ReadonlyArray<A> => Array.from({ length: count }, make)

/** A node that dies, a primary that changes, an operation that sticks for a while or fails. */
const disturbancesIn = (draw: Draw, extent: Extent, { clusterId, shards }: Given): Hazards["disturbances"] => {
  const after = timeIn(draw, extent)
  const shard = shards[draw.between(0, shards.length - 1)]
  const nodeId = shard?.nodes[draw.between(0, shard.nodes.length - 1)]?.id ?? ""
  const shardId = shard?.id ?? ""
  switch (draw.oneOf(["dies", "fails over", "sticks", "fails"])) {
    case "dies":
      return [{ after, command: { _tag: "FailNode", clusterId, shardId, nodeId } }]
    case "fails over":
      return [{ after, command: { _tag: "SwitchPrimary", clusterId, shardId } }]
    case "sticks":
      return [
        { after, command: { _tag: "StickOperation", clusterId } },
        { after: after + draw.between(0, 600_000), command: { _tag: "ReleaseOperation", clusterId } }
      ]
    default:
      return [{ after, command: { _tag: "FailOperation", clusterId } }]
  }
}

/** What befalls a run of some length: most of it once, some of it twice, seldom nothing. */
export const draw = (from: Draw, extent: Extent, given: Given): Hazards => {
  const call = () => callIn(from, extent)
  return {
    strikes: new Map(times(from.oneOf([0, 0, 1, 1, 2, 3]), () => [call(), from.oneOf(strikes)] as const)),
    slow: new Map(
      times(from.oneOf([0, 0, 0, 1]), () => {
        const where = from.oneOf<Slow["where"]>(["request", "answer"])
        return [call(), { where, millis: from.between(1, 120_000) }] as const
      })
    ),
    cancel: from.onceIn(3) ? pointIn(from, extent) : undefined,
    crashes: times(from.oneOf([0, 0, 1, 1, 2]), () => crashIn(from, extent)),
    disturbances: from.onceIn(3) ? disturbancesIn(from, extent, given) : []
  }
}

/** What befalls, as JSON can hold it. */
export const shown = (hazards: Hazards) => ({
  ...hazards,
  strikes: [...hazards.strikes],
  slow: [...hazards.slow]
})
