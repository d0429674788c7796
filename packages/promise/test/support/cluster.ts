const [a, b] = [{ id: "subnet-a" }, { id: "subnet-b" }]

/** What to make, in plain JSON: two shards of three nodes. */
export const cluster = (name: string) => ({
  name,
  version: "7.2.6",
  port: 6379,
  shardCount: 2,
  nodeCountPerShard: 3,
  flavorId: "3830ebad-ea2f-4822-8a7d-9e301c86a58d",
  parameterGroupId: "bbbbcccc-1234-1234-5678-e705e91db2fb",
  subnets: [a, b],
  subnetAssignments: [
    { primary: a, replicas: [b, b] },
    { primary: b, replicas: [a, a] }
  ],
  securityGroups: [{ id: "group-a" }]
})
