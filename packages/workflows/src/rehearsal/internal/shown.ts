import type { Ground } from "./ground.js"

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const guesses = {
  clusters: [
    "description",
    "version",
    "port",
    "flavorId",
    "parameterGroupId",
    "subnets",
    "securityGroups",
    "tlsEnabled",
    "backupSchedule",
    "shardCount",
    "nodeCountPerShard",
    "createdAt"
  ],
  backups: ["status", "type", "version", "shardCount", "size", "createdAt", "projectId", "clusterMode"]
} as const

/** Leaves out of an answer what the live one left out too, so that a flow sees of old objects what it will see. */
export const shown = (ground: Ground): ((operation: string, body: unknown) => unknown) => {
  const known = new Map<string, Readonly<Record<string, unknown>>>([
    ...ground.clusters.flatMap(({ clusterId, known }) => (known === undefined ? [] : [[clusterId, known] as const])),
    ...ground.backups.map((backup) => [backup.id, backup] as const)
  ])
  const hidden = new Map(
    [...known].flatMap(([id, live]) => {
      const fields = "clusterId" in live ? guesses.backups : guesses.clusters
      const absent = fields.filter((field) => live[field] === undefined)
      return absent.length === 0 ? [] : [[id, new Set<string>(absent)] as const]
    })
  )
  const times = new Map(
    ground.clusters.flatMap(({ shards }) =>
      shards.flatMap(({ nodes }) => nodes.map(({ createdAt, id }) => [id, createdAt] as const))
    )
  )
  const strip = (value: unknown): unknown => {
    if (!isRecord(value) || typeof value["id"] !== "string") return value
    const without = hidden.get(value["id"])
    return without === undefined
      ? value
      : Object.fromEntries(Object.entries(value).filter(([key]) => !without.has(key)))
  }
  const dated = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(dated)
    if (!isRecord(value)) return value
    const at = typeof value["id"] === "string" ? times.get(value["id"]) : undefined
    const nodes = "nodes" in value ? { nodes: dated(value["nodes"]) } : {}
    return { ...value, ...nodes, ...(at === undefined ? {} : { createdAt: at }) }
  }
  return (operation, body) => {
    switch (operation) {
      case "ListClusters":
        return isRecord(body) && Array.isArray(body["clusters"]) ? { clusters: body["clusters"].map(strip) } : body
      case "ListBackups":
        return isRecord(body) && Array.isArray(body["backups"]) ? { backups: body["backups"].map(strip) } : body
      case "GetCluster":
        return strip(body)
      case "ListShards":
        return isRecord(body) ? { shards: dated(body["shards"]) } : body
      default:
        return dated(body)
    }
  }
}
