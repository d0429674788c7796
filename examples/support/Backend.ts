import { Emulator, EmulatorClient } from "@memstore-flows/emulator"
import { Layer } from "effect"

const { KAKAOCLOUD_APPLICATION_CREDENTIAL_ID: id, KAKAOCLOUD_APPLICATION_CREDENTIAL_SECRET: secret } = process.env
const { MEMSTORE_BASE_URL: baseUrl, MEMSTORE_IAM_URL: iamUrl } = process.env

const real = {
  ...(baseUrl === undefined ? {} : { endpoint: { baseUrl } }),
  ...(iamUrl === undefined ? {} : { iamUrl })
}

const emulated = {
  credential: { id: "emulator", secret: "emulator" },
  http: EmulatorClient.layer().pipe(Layer.provide(Emulator.layer())),
  wait: { firstDelay: "100 millis", maxDelay: "400 millis", settle: "1 second" }
} as const

/** How backends without Effect reach the cloud: the real one when a credential is in the environment. */
export const access = id !== undefined && secret !== undefined ? { credential: { id, secret }, ...real } : emulated

const [a, b] = [
  { id: process.env.MEMSTORE_SUBNET_A ?? "subnet-a" },
  { id: process.env.MEMSTORE_SUBNET_B ?? "subnet-b" }
]

/** What to make: two shards of three nodes, in plain JSON. */
export const cluster = (name: string) => ({
  name,
  version: process.env.MEMSTORE_VERSION ?? "7.2.6",
  port: 6379,
  shardCount: 2,
  nodeCountPerShard: 3,
  flavorId: process.env.MEMSTORE_FLAVOR_ID ?? "3830ebad-ea2f-4822-8a7d-9e301c86a58d",
  parameterGroupId: process.env.MEMSTORE_PARAMETER_GROUP_ID ?? "bbbbcccc-1234-1234-5678-e705e91db2fb",
  subnets: [a, b],
  subnetAssignments: [
    { primary: a, replicas: [b, b] },
    { primary: b, replicas: [a, a] }
  ],
  securityGroups: [{ id: process.env.MEMSTORE_SECURITY_GROUP_ID ?? "abcdxxxx-4870-4c4e-a267-2de13e38c2ea" }]
})
