/**
 * What `INFO replication` says, and what may be concluded from it.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import type { SyncState } from "../ReplicaSync.js"

/**
 * A replica as its primary sees it. `offset` in bytes of the replication stream that it confirmed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Follower {
  readonly host: string
  readonly port: number
  readonly state: string
  readonly offset: number
}

/**
 * A node's own word on replication.
 *
 * - `replicationId`: names the history of writes that `offset`, in bytes, counts in
 * - `linkUp`: the replica is connected to its primary
 * - `syncing`: a full copy is under way
 *
 * @since 0.1.0
 * @category models
 */
export type ReplicationInfo =
  | {
      readonly _tag: "Primary"
      readonly replicationId: string
      readonly offset: number
      readonly followers: ReadonlyArray<Follower>
    }
  | {
      readonly _tag: "Replica"
      readonly replicationId: string
      readonly offset: number
      readonly primary: string
      readonly linkUp: boolean
      readonly syncing: boolean
    }

const fieldsOf = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text.split(/\r?\n/).flatMap((line) => {
      const colon = line.indexOf(":")
      return colon <= 0 || line.startsWith("#") ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const]
    })
  )

const count = (text: string | undefined): number | undefined =>
  text !== undefined && /^-?\d{1,15}$/.test(text) ? Number(text) : undefined

const followerOf = (text: string): Follower | undefined => {
  const parts = new Map(text.split(",").map((part) => [part.split("=")[0] ?? "", part.slice(part.indexOf("=") + 1)]))
  const [host, state] = [parts.get("ip"), parts.get("state")]
  const [port, offset] = [count(parts.get("port")), count(parts.get("offset"))]
  if (host === undefined || state === undefined || port === undefined || offset === undefined) return undefined
  return { host, port, state, offset }
}

/**
 * Reads the answer of `INFO replication`; nothing when it is not one. Lines it does not know are passed over.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parse = (text: string): Option.Option<ReplicationInfo> => {
  const fields = fieldsOf(text)
  const replicationId = fields.get("master_replid")
  if (replicationId === undefined || !/^[0-9a-f]{40}$/.test(replicationId)) return Option.none()
  if (fields.get("role") === "master") {
    const offset = count(fields.get("master_repl_offset"))
    if (offset === undefined) return Option.none()
    const followers = [...fields].flatMap(([name, value]) => {
      const follower = /^slave\d+$/.test(name) ? followerOf(value) : undefined
      return follower === undefined ? [] : [follower]
    })
    return Option.some({ _tag: "Primary", replicationId, offset, followers })
  }
  if (fields.get("role") !== "slave") return Option.none()
  const offset = count(fields.get("slave_repl_offset"))
  const [host, port] = [fields.get("master_host"), count(fields.get("master_port"))]
  if (offset === undefined || host === undefined || port === undefined) return Option.none()
  return Option.some({
    _tag: "Replica",
    replicationId,
    offset,
    primary: `${host}:${port}`,
    linkUp: fields.get("master_link_status") === "up",
    syncing: fields.get("master_sync_in_progress") !== "0"
  })
}

/**
 * Whether the replica, asked after the primary, has all that the primary had, but for `lag` bytes at most.
 *
 * It is in sync when its link is up, no copy is under way, both count in the same history, and it has come to the
 * primary's offset. Anything else is `Behind`, with what is missing.
 *
 * @since 0.1.0
 * @category predicates
 */
export const judge = (primary: ReplicationInfo, replica: ReplicationInfo, lag: number): SyncState => {
  const behind = (detail: string): SyncState => ({ _tag: "Behind", detail })
  if (primary._tag === "Replica") return behind("the primary has become a replica")
  if (replica._tag === "Primary") return behind("the node follows no primary")
  if (replica.syncing) return behind("copying the primary's data")
  if (!replica.linkUp) return behind(`no link to the primary ${replica.primary}`)
  if (replica.replicationId !== primary.replicationId) return behind("following another history of writes")
  const missing = primary.offset - replica.offset
  return missing <= lag ? { _tag: "InSync" } : behind(`${missing} bytes behind`)
}
