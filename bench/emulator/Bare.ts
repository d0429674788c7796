/**
 * Bare servers in cluster mode, driven directly: what the emulator's operations cost without an emulator.
 *
 * The commands are the usual ones: servers that know each other from their files, MEET for newcomers, 64 slots at a time
 * with eight MIGRATE under way, TAKEOVER for a dead primary.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { Redis } from "ioredis"

const range = "127.60.0"
const port = 6379

export interface Server {
  readonly address: string
  readonly id: string
  readonly shard: number
  readonly primary: string | undefined
  readonly process: ChildProcess
  readonly client: Redis
}

export interface Bare {
  readonly program: string
  readonly folder: string
  readonly servers: Array<Server>
}

const idOf = (number: number) => number.toString(16).padStart(40, "a")
const isPrimary = ({ primary }: Server) => primary === undefined

export const primaries = ({ servers }: Bare) => servers.filter(isPrimary)

const configuration = (address: string, folder: string, appendOnly: boolean) =>
  [
    `bind ${address}`,
    `port ${port}`,
    `cluster-announce-ip ${address}`,
    `bind-source-addr ${address}`,
    `replica-announce-ip ${address}`,
    `dir ${folder}`,
    "cluster-enabled yes",
    "cluster-config-file nodes.conf",
    "cluster-node-timeout 15000",
    "cluster-allow-replica-migration no",
    "protected-mode no",
    `appendonly ${appendOnly ? "yes" : "no"}`,
    'save ""',
    "repl-diskless-sync yes",
    "repl-diskless-sync-delay 0",
    "logfile redis.log"
  ].join("\n")

const until = async (what: string, done: () => Promise<boolean>) => {
  const deadline = performance.now() + 60_000
  while (!(await done().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`bare servers: no ${what}`)
    await setTimeout(5)
  }
}

interface Start {
  readonly number: number
  readonly shard: number
  readonly primary: string | undefined
  readonly nodes: ReadonlyArray<string>
  readonly dump?: string | undefined
}

const start = async (bare: Bare, { dump, nodes, number, primary, shard }: Start) => {
  const address = `${range}.${number}`
  const folder = join(bare.folder, String(number))
  mkdirSync(folder)
  writeFileSync(join(folder, "redis.conf"), configuration(address, folder, dump === undefined))
  if (dump !== undefined) copyFileSync(dump, join(folder, "dump.rdb"))
  if (nodes.length > 0) {
    const own = nodes.map((line) =>
      line.startsWith(idOf(number)) ? line.replace(/ (master|slave) /, " myself,$1 ") : line
    )
    writeFileSync(join(folder, "nodes.conf"), `${own.join("\n")}\nvars currentEpoch 100 lastVoteEpoch 0\n`)
  }
  const child = spawn(bare.program, [join(folder, "redis.conf")], {
    argv0: "redis-server",
    cwd: folder,
    stdio: "ignore"
  })
  const client = new Redis({
    host: address,
    port,
    retryStrategy: () => 5,
    maxRetriesPerRequest: null,
    enableReadyCheck: false
  })
  client.on("error", () => undefined)
  const server: Server = { address, id: idOf(number), shard, primary, process: child, client }
  bare.servers.push(server)
  return server
}

const fits = async ({ client, primary }: Server, size: number) => {
  const [info, known, replication] = await Promise.all([
    client.cluster("INFO"),
    client.call("CLUSTER", "NODES"),
    client.info("replication")
  ])
  const nodes = String(known).trim().split("\n")
  return (
    info.includes("cluster_state:ok") &&
    nodes.length === size &&
    nodes.every((line) => !/handshake|fail|noaddr/.test(line)) &&
    (primary === undefined || replication.includes("master_link_status:up"))
  )
}

const settled = ({ servers }: Bare) =>
  until("settled cluster", async () =>
    (await Promise.all(servers.map((each) => fits(each, servers.length)))).every(Boolean)
  )

export const bound = (shard: number, shards: number) => Math.round((shard * 16384) / shards)

/** A cluster of shards with two replicas each, ready for writes; with these dumps, if any. */
export const cluster = async (program: string, shards: number, dumps: ReadonlyArray<string> = []): Promise<Bare> => {
  const bare: Bare = { program, folder: mkdtempSync(join(tmpdir(), "bench-bare-")), servers: [] }
  process.on("exit", () => bare.servers.forEach((each) => void each.process.kill("SIGKILL")))
  const all = Array.from({ length: shards * 3 }, (_, index) => ({ number: index + 1, shard: Math.floor(index / 3) }))
  const primaryOf = (shard: number) => idOf(shard * 3 + 1)
  const nodes = all.map(({ number, shard }) => {
    const door = `${idOf(number)} ${range}.${number}:${port}@${port + 10_000}`
    return idOf(number) === primaryOf(shard)
      ? `${door} master - 0 0 ${shard + 1} connected ${bound(shard, shards)}-${bound(shard + 1, shards) - 1}`
      : `${door} slave ${primaryOf(shard)} 0 0 ${shard + 1} connected`
  })
  for (const { number, shard } of all) {
    const leads = idOf(number) === primaryOf(shard)
    const primary = leads ? undefined : primaryOf(shard)
    await start(bare, { number, shard, primary, nodes, dump: leads ? dumps[shard] : undefined })
  }
  await settled(bare)
  if (dumps.length > 0) for (const { client } of primaries(bare)) await client.config("SET", "appendonly", "yes")
  return bare
}

/** Adds a shard of three servers without slots. */
export const join3 = async (bare: Bare) => {
  const residents = [...bare.servers]
  const shard = Math.max(...residents.map((each) => each.shard)) + 1
  const first = residents.length + 1
  const alone = (number: number) => [
    `${idOf(number)} ${range}.${number}:${port}@${port + 10_000} master - 0 0 0 connected`
  ]
  for (const number of [first, first + 1, first + 2]) {
    const primary = number === first ? undefined : idOf(first)
    await start(bare, { number, shard, primary, nodes: alone(number) })
  }
  const fresh = bare.servers.slice(residents.length)
  for (const { address, client } of fresh) {
    await client.ping()
    for (const each of [...residents, ...fresh]) {
      if (each.address !== address) await each.client.call("CLUSTER", "MEET", address, String(port))
    }
  }
  for (const { client, primary } of fresh) {
    if (primary !== undefined) {
      await until("primary", () => client.call("CLUSTER", "REPLICATE", primary).then((answer) => answer === "OK"))
    }
  }
  await settled(bare)
}

const tell = async ({ client }: Server, commands: ReadonlyArray<ReadonlyArray<string>>) => {
  const pipeline = client.pipeline()
  for (const [name = "", ...words] of commands) pipeline.call(name, ...words)
  return ((await pipeline.exec()) ?? []).map(([error, answer]) => {
    if (error !== null) throw error
    return answer
  })
}

const setSlots = (slots: ReadonlyArray<number>, ...words: ReadonlyArray<string>) =>
  slots.map((slot) => ["CLUSTER", "SETSLOT", String(slot), ...words])

const moveBatch = async (
  source: Server,
  target: Server,
  others: ReadonlyArray<Server>,
  slots: ReadonlyArray<number>
) => {
  await tell(target, setSlots(slots, "IMPORTING", source.id))
  await tell(source, setSlots(slots, "MIGRATING", target.id))
  for (let left = slots; left.length > 0; ) {
    const lists = await tell(
      source,
      left.map((slot) => ["CLUSTER", "GETKEYSINSLOT", String(slot), "200"])
    )
    const held = lists.map((keys) => (Array.isArray(keys) ? keys.map(String) : []))
    const commands = held.flatMap((keys) =>
      keys.length === 0 ? [] : [["MIGRATE", target.address, String(port), "", "0", "5000", "REPLACE", "KEYS", ...keys]]
    )
    for (let at = 0; at < commands.length; at += 8) await tell(source, commands.slice(at, at + 8))
    left = left.filter((_, index) => (held[index]?.length ?? 0) > 0)
  }
  for (const server of [target, source, ...others]) await tell(server, setSlots(slots, "NODE", target.id))
}

/** Moves slots with their keys from one primary to another. */
export const move = async (bare: Bare, source: Server, target: Server, first: number, last: number) => {
  const others = primaries(bare).filter((each) => each !== source && each !== target)
  for (let slot = first; slot <= last; slot += 64) {
    const slots = Array.from({ length: Math.min(64, last - slot + 1) }, (_, index) => slot + index)
    await moveBatch(source, target, others, slots)
  }
}

/** Kills the first primary; resolves with the milliseconds from its end to a new primary. */
export const replace = async (bare: Bare): Promise<number> => {
  const [dead] = primaries(bare)
  const heir = bare.servers.find(({ primary }) => primary === dead?.id)
  if (dead === undefined || heir === undefined) throw new Error("bare servers: no primary")
  const ended = new Promise<number>((resolve) => dead.process.once("exit", () => resolve(performance.now())))
  dead.process.kill("SIGKILL")
  const since = await ended
  await heir.client.call("CLUSTER", "FAILOVER", "TAKEOVER")
  await until("new primary", async () => String(await heir.client.call("ROLE")).startsWith("master"))
  return performance.now() - since
}

/** Ends the servers and removes what they wrote. */
export const end = async ({ folder, servers }: Bare) => {
  const ended = servers.map(
    ({ client, process }) =>
      new Promise<void>((resolve) => {
        client.disconnect()
        if (process.exitCode !== null || process.signalCode !== null) return resolve()
        process.once("exit", () => resolve())
        process.kill("SIGKILL")
      })
  )
  await Promise.all(ended)
  rmSync(folder, { recursive: true })
}
