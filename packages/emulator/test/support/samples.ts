export const subnetA = "xxxxxxxx-0a69-4f8b-b56d-59ce12b4d55b"
export const subnetB = "yyyyyyyy-0a69-4f8b-b56d-59ce12b4d55b"

export const assignment = (replicas = 2) => ({
  primary: { id: subnetA },
  replicas: Array.from({ length: replicas }, () => ({ id: subnetB }))
})

/** A body of "Create cluster": 2 shards of 3 nodes unless told otherwise. */
export const cluster = (changes: Readonly<Record<string, unknown>> = {}, shards = 2, nodes = 3) => ({
  name: "source-cluster",
  version: "6.2.5",
  port: 6379,
  shardCount: shards,
  nodeCountPerShard: nodes,
  flavorId: "3830ebad-ea2f-4822-8a7d-9e301c86a58d",
  parameterGroupId: "bbbbcccc-1234-1234-5678-e705e91db2fb",
  subnets: [{ id: subnetA }, { id: subnetB }],
  subnetAssignments: Array.from({ length: shards }, () => assignment(nodes - 1)),
  securityGroups: [{ id: "abcdxxxx-4870-4c4e-a267-2de13e38c2ea" }],
  ...changes
})

export const credential = (id = "emulator", secret = "emulator") => ({
  auth: { identity: { methods: ["application_credential"], application_credential: { id, secret } } }
})
