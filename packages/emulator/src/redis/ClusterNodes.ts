/**
 * What a node knows of its cluster, read from its own words.
 */
import * as Slots from "@memstore-flows/api/Slots"

/** A slot that is between two owners, as its node tells it. `peer`: the other node's engine id. */
export interface OpenSlot {
  readonly slot: number
  readonly way: "leaving" | "arriving"
  readonly peer: string
}

/** One line of `CLUSTER NODES`. `replicaOf`: the engine id of its primary. `open`: only of the node that was asked. */
export interface KnownNode {
  readonly id: string
  readonly address: string
  readonly flags: ReadonlyArray<string>
  readonly replicaOf: string | undefined
  readonly epoch: number
  readonly linked: boolean
  readonly slots: Slots.Slots
  readonly open: ReadonlyArray<OpenSlot>
}

const openSlot = (text: string): ReadonlyArray<OpenSlot> => {
  const match = /^\[(\d+)-([<>])-([0-9a-f]{40})\]$/.exec(text)
  return match?.[3] === undefined
    ? []
    : [{ slot: Number(match[1]), way: match[2] === ">" ? "leaving" : "arriving", peer: match[3] }]
}

const range = (text: string): Slots.Slots => {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text)
  return match === null ? [] : [{ start: Number(match[1]), end: Number(match[2] ?? match[1]) }]
}

const line = (text: string): ReadonlyArray<KnownNode> => {
  const [id, address, flags, replicaOf, , , epoch, link, ...rest] = text.split(" ")
  if (id === undefined || address === undefined || flags === undefined || link === undefined) return []
  return [
    {
      id,
      address: address.slice(0, Math.max(0, address.lastIndexOf(":"))),
      flags: flags.split(","),
      replicaOf: replicaOf === "-" ? undefined : replicaOf,
      epoch: Number(epoch),
      linked: link === "connected",
      slots: Slots.normalize(rest.flatMap(range)),
      open: rest.flatMap(openSlot)
    }
  ]
}

/** Reads the answer of `CLUSTER NODES`. */
export const parse = (text: string): ReadonlyArray<KnownNode> => text.split("\n").flatMap(line)

/** The line of the node that was asked. */
export const myself = (nodes: ReadonlyArray<KnownNode>): KnownNode | undefined =>
  nodes.find(({ flags }) => flags.includes("myself"))

const unsettled = ["handshake", "noaddr", "fail", "fail?"]

/** Whether a node is known for good and believed to live. */
export const isSettled = ({ flags }: KnownNode): boolean => !unsettled.some((flag) => flags.includes(flag))

/** A node as it is written into `nodes.conf` before its first start. `id`: 40 hex digits. */
export interface Written {
  readonly id: string
  readonly address: string
  readonly port: number
  readonly replicaOf: string | undefined
  readonly epoch: number
  readonly slots: Slots.Slots
}

const busOffset = 10_000

const ranges = (slots: Slots.Slots): string =>
  slots.map(({ end, start }) => (start === end ? ` ${start}` : ` ${start}-${end}`)).join("")

/**
 * The file a server reads its cluster from at its start, with `me` as itself. A cluster whose nodes all have it needs no
 * introductions.
 */
export const file = (nodes: ReadonlyArray<Written>, me: string): string => {
  const lines = nodes.map(({ address, epoch, id, port, replicaOf, slots }) => {
    const role = replicaOf === undefined ? "master" : "slave"
    const flags = id === me ? `myself,${role}` : role
    return `${id} ${address}:${port}@${port + busOffset} ${flags} ${replicaOf ?? "-"} 0 0 ${epoch} connected${ranges(slots)}`
  })
  const epoch = Math.max(0, ...nodes.map((each) => each.epoch))
  return `${lines.join("\n")}\nvars currentEpoch ${epoch} lastVoteEpoch 0\n`
}
