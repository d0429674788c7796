import * as Fs from "node:fs"
import * as Redacted from "effect/Redacted"
import type { CreateClusterRequest } from "../../src/CreateCluster.js"

/** The text of one of the page's samples, without the line feed at its end. */
export const page = (name: string): string =>
  Fs.readFileSync(new URL(`../fixtures/page/${name}`, import.meta.url), "utf8").replace(/\n$/, "")

export const clusterId = "qwerqwer-7347-4d87-a49f-e705e91db2fb"
export const shardId = "001"
export const nodeId = "aaaaaaaa-c12e-46f9-81a0-60ab1950a480"
export const subnetX = { id: "xxxxxxxx-0a69-4f8b-b56d-59ce12b4d55b" }
export const subnetY = { id: "yyyyyyyy-0a69-4f8b-b56d-59ce12b4d55b" }
export const password = "if2iOwJYiklliJIT8tvqoY~~~~"
export const token = Redacted.make("gAAAAA-token")

const assignment = { primary: subnetX, replicas: [subnetY, subnetY] }

/** The page's create sample, without the `restoreSource` that does not belong there. */
export const cluster: CreateClusterRequest = {
  name: "test-cluster",
  description: "test-cluster",
  version: "6.2.5",
  port: 6379,
  shardCount: 2,
  nodeCountPerShard: 3,
  flavorId: "3830ebad-ea2f-4822-8a7d-9e301c86a58d",
  parameterGroupId: "bbbbcccc-1234-1234-5678-e705e91db2fb",
  subnets: [subnetX, subnetY],
  subnetAssignments: [assignment, assignment],
  user: { name: "testuser", password: Redacted.make(password) },
  tlsEnabled: false,
  backupSchedule: { cron: "* 1 * * *", retentionLimit: 7 },
  securityGroups: [{ id: "abcdxxxx-4870-4c4e-a267-2de13e38c2ea" }, { id: "qwergggg-4870-4c4e-a267-2de13e38c2ea" }]
}

export const restoreSource = { backupName: "{restore-source-backup-name-env}" }
