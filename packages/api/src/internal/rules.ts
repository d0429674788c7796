import { limits } from "../Limits.js"
import type { Fault } from "../MemStoreError.js"
import type { Rule } from "../Rule.js"

const fault = (path: string, message: string): Fault => ({ path, message })

const field = (input: unknown, key: string): unknown =>
  typeof input === "object" && input !== null && Object.hasOwn(input, key)
    ? (input as Readonly<Record<string, unknown>>)[key]
    : undefined

const list = (input: unknown): ReadonlyArray<unknown> => (Array.isArray(input) ? input : [])

const wholeNumber = (input: unknown): number | undefined =>
  typeof input === "number" && Number.isInteger(input) ? input : undefined

const oneAssignmentPerShard: Rule = (input) => {
  const shards = wholeNumber(input["shardCount"])
  const assignments = input["subnetAssignments"]
  if (shards === undefined || !Array.isArray(assignments) || assignments.length === shards) return []
  return [
    fault("subnetAssignments", `must have one element for each of the ${shards} shards, but has ${assignments.length}`)
  ]
}

const replicasFault = (assignment: unknown, path: string, nodes: number, nodesField: string): ReadonlyArray<Fault> => {
  const replicas = field(assignment, "replicas")
  if (!Array.isArray(replicas) || replicas.length === nodes - 1) return []
  return [
    fault(
      `${path}.replicas`,
      `must have ${nodes - 1} elements, one less than ${nodesField}, but has ${replicas.length}`
    )
  ]
}

const oneReplicaLessThanNodes: Rule = (input) => {
  const nodes = wholeNumber(input["nodeCountPerShard"])
  if (nodes === undefined || nodes < limits.nodesPerShard.min) return []
  return list(input["subnetAssignments"]).flatMap((assignment, index) =>
    replicasFault(assignment, `subnetAssignments[${index}]`, nodes, "nodeCountPerShard")
  )
}

const assignedAmongSubnets: Rule = (input) => {
  const subnets = input["subnets"]
  if (!Array.isArray(subnets)) return []
  const known = new Set(subnets.map((subnet) => field(subnet, "id")))
  const check = (reference: unknown, path: string): ReadonlyArray<Fault> => {
    const id = field(reference, "id")
    return typeof id !== "string" || id === "" || known.has(id)
      ? []
      : [fault(`${path}.id`, "is not one of the ids in subnets")]
  }
  return list(input["subnetAssignments"]).flatMap((assignment, index) => [
    ...check(field(assignment, "primary"), `subnetAssignments[${index}].primary`),
    ...list(field(assignment, "replicas")).flatMap((replica, at) =>
      check(replica, `subnetAssignments[${index}].replicas[${at}]`)
    )
  ])
}

const nodesWithinProject: Rule = (input) => {
  const total = (wholeNumber(input["shardCount"]) ?? 0) * (wholeNumber(input["nodeCountPerShard"]) ?? 0)
  return total <= limits.nodesPerProject
    ? []
    : [fault("shardCount", `makes ${total} nodes in total, and a project has at most ${limits.nodesPerProject}`)]
}

const versionsWithoutClusterMode: ReadonlySet<unknown> = new Set(["5.0.6"])

const versionOfClusterMode: Rule = (input) =>
  versionsWithoutClusterMode.has(input["version"])
    ? [fault("version", "5.0.6 exists with cluster mode disabled only")]
    : []

const presumedName = /^[a-z](?!.*--)[a-z0-9-]{2,18}[a-z0-9]$/

const nameRule: Rule = ({ name }, { presumedRules }) =>
  !presumedRules || typeof name !== "string" || presumedName.test(name)
    ? []
    : [
        fault(
          "name",
          "must be 4-20 lower-case letters, digits and single hyphens, begin with a letter and not end with a hyphen"
        )
      ]

/** Presumed: at most 100 characters, no line break, no emoji. */
export const descriptionRule: Rule = ({ description }, { presumedRules }) =>
  !presumedRules ||
  typeof description !== "string" ||
  (description.length <= 100 && !/[\r\n]|\p{Extended_Pictographic}/u.test(description))
    ? []
    : [fault("description", "must have at most 100 characters and neither line breaks nor emoji")]

/** The rules that creating and restoring share. */
export const clusterRules: ReadonlyArray<Rule> = [
  oneAssignmentPerShard,
  oneReplicaLessThanNodes,
  assignedAmongSubnets,
  nodesWithinProject,
  versionOfClusterMode,
  nameRule,
  descriptionRule
]

/** The vendor's create sample carries a `restoreSource`: copied as it is, it would restore instead. */
export const refuseRestoreSource: Rule = (input) =>
  Object.hasOwn(input, "restoreSource") ? [fault("restoreSource", "would make this a restore: use RestoreCluster")] : []

/** The one assignment of a new shard has one replica less than the shard has nodes. */
export const addShardRule: Rule = (input) => {
  const nodes = wholeNumber(input["nodeCount"])
  if (nodes === undefined || nodes < limits.nodesPerShard.min) return []
  return replicasFault(input["subnetAssignments"], "subnetAssignments", nodes, "nodeCount")
}

/** A PATCH must change something. */
export const atLeastOneChange: Rule = (input) => {
  const changes = ["backupSchedule", "description", "parameterGroupId", "securityGroups"]
  if (changes.every((change) => input[change] === undefined)) {
    return [fault("", `must name at least one of ${changes.join(", ")}`)]
  }
  const schedule = input["backupSchedule"]
  const empty =
    typeof schedule === "object" &&
    schedule !== null &&
    field(schedule, "cron") === undefined &&
    field(schedule, "retentionLimit") === undefined
  return empty ? [fault("backupSchedule", "must name cron, retentionLimit or both")] : []
}
