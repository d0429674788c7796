/**
 * The configuration a server is started with.
 */
/** What differs between two servers. `maxMemory`: bytes. `tls`: the folder of the certificates. */
export interface ServerFile {
  readonly address: string
  readonly port: number
  readonly folder: string
  readonly appendOnly: boolean
  readonly maxMemory: number
  readonly tls: string | undefined
  readonly admin: { readonly name: string; readonly password: string; readonly hash: string }
  readonly user: { readonly name: string; readonly hash: string } | undefined
}

/**
 * What a user of a managed service may do: everything with data, nothing with the server.
 */
export const userRights = [
  "~*",
  "&*",
  "+@all",
  "-@admin",
  "-@dangerous",
  ..."nodes slots shards info myid keyslot countkeysinslot getkeysinslot help"
    .split(" ")
    .map((each) => `+cluster|${each}`),
  ..."info keys role flushall flushdb sort sort_ro".split(" ").map((each) => `+${each}`),
  ..."list kill".split(" ").map((each) => `+client|${each}`),
  ..."get len".split(" ").map((each) => `+slowlog|${each}`)
].join(" ")

const users = ({ admin, user }: ServerFile): ReadonlyArray<string> => [
  `user ${admin.name} on #${admin.hash} ~* &* +@all`,
  ...(user === undefined
    ? [`user default on nopass ${userRights}`]
    : ["user default off", `user ${user.name} on #${user.hash} ${userRights}`])
]

const transport = ({ port, tls }: ServerFile): ReadonlyArray<string> =>
  tls === undefined
    ? [`port ${port}`]
    : [
        `tls-port ${port}`,
        "port 0",
        `tls-cert-file "${tls}/node.crt"`,
        `tls-key-file "${tls}/node.key"`,
        `tls-ca-cert-file "${tls}/ca.crt"`,
        "tls-auth-clients no",
        "tls-replication yes",
        "tls-cluster yes"
      ]

/**
 * The text of `redis.conf`.
 *
 * - the three announced addresses: without one of them the nodes take each other for 127.0.0.1 and never meet
 * - `cluster-node-timeout`: long, so that a slow machine is not taken for a dead node; deaths are seen by the supervisor
 * - `cluster-allow-replica-migration no`: else a drained primary turns into a replica of the one that got its slots
 * - `repl-diskless-sync no`: else a new replica is sent no writes for up to a second after it has its copy, and they are
 *   lost with its primary
 * - `appendfsync no`: else writes to the append-only file are put off while one is being flushed to the disk, and a killed
 *   server loses what it had acknowledged; without it all are in the hands of the system, which a kill does not touch
 * - `save ""`: backups alone write RDB files; the append-only file keeps the data
 */
export const text = (server: ServerFile): string => {
  const { address, admin, appendOnly, folder, maxMemory } = server
  return `${[
    `bind ${address}`,
    ...transport(server),
    `cluster-announce-ip ${address}`,
    `bind-source-addr ${address}`,
    `replica-announce-ip ${address}`,
    `dir "${folder}"`,
    "cluster-enabled yes",
    "cluster-config-file nodes.conf",
    "cluster-node-timeout 15000",
    "cluster-allow-replica-migration no",
    "protected-mode no",
    `appendonly ${appendOnly ? "yes" : "no"}`,
    "appendfsync no",
    'save ""',
    "repl-diskless-sync no",
    `maxmemory ${maxMemory}`,
    "maxmemory-policy noeviction",
    "daemonize no",
    "logfile redis.log",
    ...users(server),
    `masteruser ${admin.name}`,
    `masterauth ${admin.password}`
  ].join("\n")}\n`
}
