import * as Slots from "@memstore-flows/api/Slots"
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import { describe } from "../../Finding.js"
import type * as Plan from "../Plan.js"

/** A time span in two units, such as `4 h 33 min`. */
export const span = (millis: number): string => {
  const seconds = Math.round(millis / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

export const time = (millis: number): string => DateTime.formatIso(DateTime.unsafeMake(millis))

export const percent = (slots: string): number =>
  (Slots.size(Either.getOrElse(Slots.parse(slots), (): Slots.Slots => [])) / Slots.slotCount) * 100

const queryOf = (query: Readonly<Record<string, string>>): string => {
  const text = Object.entries(query)
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
    .join("&")
  return text === "" ? "" : `?${text}`
}

/** A call as it goes over the wire, without its body. */
export const line = ({ method, path, query }: Pick<Plan.Call, "method" | "path" | "query">): string =>
  `${method} ${path}${queryOf(query)}`

export const bodyText = ({ body }: Pick<Plan.Call, "body">): string | undefined =>
  body === null || body === undefined ? undefined : JSON.stringify(body)

const whole = (call: Plan.Undo["calls"][number]): string => [line(call), bodyText(call) ?? []].flat().join(" ")

/** What becomes of a call when the run stops after it. */
export const undoText = ({ status, undo, undoes }: Plan.Call): string => {
  if (undoes) return "part of the undo"
  if (status !== 200) return "nothing to undo"
  if (undo === null) return "not worked out"
  if (undo.calls.length > 0) return undo.calls.map(whole).join(", then ")
  if (undo.kept !== null) return undo.kept
  return undo.registered ? "left to the undo of an earlier step" : "none"
}

export const answer = ({ message, status }: Plan.Call): string =>
  status === 200 ? "accepted" : `refused with ${status}: ${message}`

export const ending = ({ ending }: Plan.Plan): string => {
  switch (ending._tag) {
    case "Succeeds":
      return "would succeed"
    case "Refused":
      return `would be refused before any write (${ending.error})`
    case "Fails":
      return `would fail and be undone (${ending.error})`
    case "Dies":
      return `would die: ${ending.message}`
  }
}

/** Why it would not succeed, one reason each. */
export const reasons = ({ ending }: Plan.Plan): ReadonlyArray<string> => {
  if (ending._tag !== "Refused" && ending._tag !== "Fails") return []
  if (ending.reasons.length > 0) return ending.reasons
  return ending.message === "" ? [] : [ending.message]
}

export const change = <A extends number | string>(before: A, after: A): string =>
  before === after ? `${after}` : `${before} → ${after}`

const nodesIn = ({ shards }: Plan.Cluster): number => shards.reduce((sum, { nodes }) => sum + nodes.length, 0)

/** Each cluster with what it is before and after. */
export const pairs = ({ after, before }: Plan.Plan) => {
  const ids = [...new Set([...before, ...after].map(({ id }) => id))]
  return ids.map((id) => {
    const was = before.find((each) => each.id === id)
    const is = after.find((each) => each.id === id)
    const name = (is ?? was)?.name ?? id
    const counts = (pick: (cluster: Plan.Cluster) => number) =>
      change(was === undefined ? 0 : pick(was), is === undefined ? 0 : pick(is))
    const fate = was === undefined ? "new" : is === undefined ? "deleted" : undefined
    return {
      id,
      name,
      was,
      is,
      fate,
      summary: `${counts(({ shards }) => shards.length)} shards, ${counts(nodesIn)} nodes`
    }
  })
}

type Pair = ReturnType<typeof pairs>[number]

/** What becomes of one thing of two lists; nothing is said of what comes or goes with the whole. */
const fateOf = <A>(before: A | undefined, after: A | undefined, { is, was }: Pair): string => {
  if (was === undefined || is === undefined || (before !== undefined && after !== undefined)) return ""
  return before === undefined ? " (new)" : " (gone)"
}

const union = <A extends { readonly id: string }>(before: ReadonlyArray<A> = [], after: ReadonlyArray<A> = []) =>
  [...new Set([...before, ...after].map(({ id }) => id))].flatMap((id) => {
    const [old, now] = [before.find((each) => each.id === id), after.find((each) => each.id === id)]
    const known = now ?? old
    return known === undefined ? [] : [{ id, old, now, known }]
  })

/** The shards of a cluster and their nodes, before and after in one. */
export const shards = (pair: Pair) =>
  union(pair.was?.shards, pair.is?.shards).map(({ id, known, now, old }) => ({
    id,
    slots: change((old ?? known).slots, (now ?? known).slots),
    fate: fateOf(old, now, pair),
    nodes: union(old?.nodes, now?.nodes).map((node) => ({
      id: node.id,
      role: change((node.old ?? node.known).role, (node.now ?? node.known).role),
      subnetId: node.known.subnet.id,
      fate: fateOf(node.old, node.now, pair)
    }))
  }))

export const heading = ({ calls, ending: { _tag }, flow, nodes, takes }: Plan.Plan): string => {
  const writes = calls.filter(({ undoes }) => !undoes).length
  const many = `${writes} ${writes === 1 ? "write" : "writes"}`
  return _tag === "Refused"
    ? `${flow.name} version ${flow.version}: refused`
    : `${flow.name} version ${flow.version}: ${many}, about ${span(takes)}, ${nodes.peak} of ${nodes.limit} nodes at the peak`
}

export const address = (each: Plan.Plan["endpoints"]["added"][number]): string =>
  each.address.startsWith("address-of-") || each.address === ""
    ? `${each.nodeId} in ${each.subnetId} (address not known yet)`
    : `${each.address} in ${each.subnetId} (shard ${each.shardId})`

/** What came of the safety checks, one line each. */
export const checks = ({ checks: reports }: Plan.Plan): ReadonlyArray<string> => {
  const doubtful = new Set(reports.flatMap(({ off, unknown }) => [...off, ...unknown].map(({ check }) => check)))
  const held = new Set(reports.flatMap((report) => report.held).filter((check) => !doubtful.has(check)))
  return [
    ...new Set([
      ...(held.size === 0 ? [] : [`hold: ${[...held].join(", ")}`]),
      ...reports.flatMap((report) => report.unknown.map(({ check, why }) => `${check}: not made, ${why}`)),
      ...reports.flatMap((report) => report.off.map(({ check, reason }) => `${check}: switched off, ${reason}`)),
      ...reports.flatMap((report) => report.advice.map((finding) => `advice: ${describe(finding)}`))
    ])
  ]
}
