/**
 * Slots that change hands with their keys, from one primary to another, while clients go on.
 *
 * A batch is opened (the target expects keys, the source sends clients on for keys it no longer has), emptied key by key,
 * and closed: the target takes the slots first, for a slot whose target died before it owned it would have no owner. It
 * takes none before the source has said that no key of the batch is left: what a source still holds of a slot when it
 * hears of a newer owner, it deletes.
 *
 * A server that takes a slot it was importing tells every other server of it, and each of them compares all slots. So all
 * but the last slot of a batch are taken quietly, under an epoch that is newer than the source's, and the last one tells
 * of all.
 *
 * Everything here can be done again from the start: what is done already is answered with a refusal that is known.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Ref from "effect/Ref"
import { myself } from "./ClusterNodes.js"
import type { Words } from "./Connections.js"
import { type Crew, tellAll } from "./Crew.js"
import type { Member } from "./Member.js"
import { fields, type Observed } from "./Observation.js"
import { CommandRefused, NodeUnreachable } from "./RedisError.js"

const lane = "slots"

/** The primaries of two shards, of which one gives slots to the other. */
export interface Parties {
  readonly source: Member
  readonly target: Member
}

const setSlots = (slots: ReadonlyArray<number>, ...rest: ReadonlyArray<string>): ReadonlyArray<Words> =>
  slots.map((slot) => ["CLUSTER", "SETSLOT", slot, ...rest])

/** The commands that make a server expect the keys of slots, and send them away. */
export const arriving = (slots: ReadonlyArray<number>, source: Member) => setSlots(slots, "IMPORTING", source.engineId)
export const leaving = (slots: ReadonlyArray<number>, target: Member) => setSlots(slots, "MIGRATING", target.engineId)

const unless = (
  answers: ReadonlyArray<Either.Either<unknown, CommandRefused>>,
  known: RegExp = /^$/
): Effect.Effect<void, CommandRefused> => {
  const strange = answers.find((each) => Either.isLeft(each) && !known.test(each.left.reason))
  return strange !== undefined && Either.isLeft(strange) ? Effect.fail(strange.left) : Effect.void
}

/** Opens slots again on both sides after a side has a new primary. */
export const reopen = (crew: Crew, { source, target }: Parties, slots: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    const known = (refusals: ReadonlyArray<CommandRefused>, what: RegExp) => unless(refusals.map(Either.left), what)
    yield* Effect.flatMap(tellAll(crew, target, arriving(slots, source)), (each) => known(each, /already the owner/))
    yield* Effect.flatMap(tellAll(crew, source, leaving(slots, target)), (each) => known(each, /not the owner/))
  })

/** Closes whatever slots a member still has open. A primary that comes to own such a slot again would send clients away. */
export const closeAll = (crew: Crew, { member, nodes }: Observed) =>
  tellAll(
    crew,
    member,
    (myself(nodes)?.open ?? []).flatMap(({ slot }) => setSlots([slot], "STABLE"))
  )

/** A slot with keys of it that are still at the source. */
interface Held {
  readonly slot: number
  readonly keys: ReadonlyArray<Buffer>
}

const nothing = Either.right(undefined)

const script = `local found = {}
for i, slot in ipairs(ARGV) do found[i] = redis.call('CLUSTER', 'GETKEYSINSLOT', slot, 100) end
return found`

/** Asks for keys of many slots in one command. */
const listing = (slots: ReadonlyArray<number>): Words => ["EVAL", script, 0, ...slots]

const held = (slots: ReadonlyArray<number>, found: unknown): ReadonlyArray<Held> =>
  slots.flatMap((slot, index) => {
    const keys: unknown = Array.isArray(found) ? found[index] : undefined
    return Array.isArray(keys) && keys.length > 0 ? [{ slot, keys: keys.filter(Buffer.isBuffer) }] : []
  })

/** Fails when the target has not heard yet of the election that made the source primary: its claim would be void. */
const newer = ({ target }: Parties, epoch: unknown, info: unknown): Effect.Effect<void, NodeUnreachable> =>
  Number(String(epoch).split(" ")[1]) > Number(fields(info).get("cluster_my_epoch"))
    ? Effect.void
    : Effect.fail(new NodeUnreachable({ address: target.door.address, reason: "it knows of no newer epoch" }))

interface Batch {
  readonly slots: ReadonlyArray<number>
  readonly held: ReadonlyArray<Held>
}

/** Opens a batch and asks what is in it. */
const open = (crew: Crew, both: Parties, slots: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    const { source, target } = both
    const { all } = crew.connections
    const [epoch, ...expecting] = yield* all(target.door, [["CLUSTER", "BUMPEPOCH"], ...arriving(slots, source)], lane)
    yield* unless(expecting, /already the owner/)
    yield* crew.step("importing")
    const [info, ...answers] = yield* all(
      source.door,
      [["CLUSTER", "INFO"], ...leaving(slots, target), listing(slots)],
      lane
    )
    yield* unless(answers.slice(0, slots.length), /not the owner/)
    yield* newer(both, yield* epoch ?? nothing, yield* info ?? nothing)
    yield* crew.step("migrating")
    return { slots, held: held(slots, yield* answers[slots.length] ?? nothing) }
  })

const migrating = ({ target: { door } }: Parties, keys: ReadonlyArray<Buffer>): Words => [
  "MIGRATE",
  ...[door.address, door.port, "", 0, 20_000, "REPLACE", "AUTH2", door.userName, door.password, "KEYS"],
  ...keys
]

/**
 * How much a source is told to send in one write: so many commands, each of so many keys. It does nothing else meanwhile,
 * and neither does the target, so the next write is smaller when one took long. Clients that use several keys of a slot wait while it is open, so fewer
 * slots are opened at once when there is much in them.
 */
interface Pace {
  readonly slots: number
  readonly commands: number
  readonly keys: number
}

const fastest: Pace = { slots: 64, commands: 16, keys: 100 }
const bytesPerCommand = 512 * 1024
const millisPerWrite = 30
const keysOpen = 600

const startingPace = (crew: Crew, { source: { door } }: Parties) =>
  Effect.gen(function* () {
    const answers = yield* crew.connections.all(door, [["INFO", "memory"], ["DBSIZE"]], lane)
    const [memory, count] = yield* Either.all(answers)
    const bytesPerKey = Number(fields(memory).get("used_memory_dataset") ?? 0) / Math.max(1, Number(count))
    const keys = Math.floor(bytesPerCommand / Math.max(1, bytesPerKey))
    return yield* Ref.make<Pace>({ ...fastest, slots: 16, keys: Math.max(1, Math.min(fastest.keys, keys)) })
  })

const slower = ({ commands, keys }: Pace): Partial<Pace> =>
  commands > 1 ? { commands: Math.ceil(commands / 2) } : { keys: Math.ceil(keys / 4) }

const faster = ({ commands, keys }: Pace): Partial<Pace> =>
  keys < fastest.keys
    ? { keys: Math.min(fastest.keys, keys * 2) }
    : { commands: Math.min(fastest.commands, commands + 1) }

const adapted = (pace: Pace, millis: number): Pace => {
  if (millis > millisPerWrite) return { ...pace, ...slower(pace) }
  return millis < millisPerWrite / 2 ? { ...pace, ...faster(pace) } : pace
}

/** How many slots to open next: as many as hold some hundred keys, by what was found in the last ones. */
const openNext = ({ keys }: Pace, { held, slots }: Batch): number => {
  const found = held.reduce((sum, each) => sum + each.keys.length, 0)
  return Math.max(4, Math.min(fastest.slots, Math.floor((slots.length * keysOpen * keys) / (fastest.keys * found))))
}

/** The keys of the next write, command by command, and what is left for later ones. */
const portion = (held: ReadonlyArray<Held>, { commands, keys }: Pace) => {
  const now = held.slice(0, commands).map((each) => each.keys.slice(0, keys))
  const rest = held.slice(0, commands).map((each) => ({ ...each, keys: each.keys.slice(keys) }))
  return { now, later: [...rest.filter((each) => each.keys.length > 0), ...held.slice(commands)] }
}

/**
 * Sends keys over until the source says, with the last of them, that it has none left. What the source still holds is the
 * truth, so it replaces what the target has.
 */
const empty = (crew: Crew, both: Parties, pace: Ref.Ref<Pace>, batch: Batch) =>
  Effect.gen(function* () {
    for (let left = batch.held; left.length > 0; ) {
      const { later, now } = portion(left, yield* Ref.get(pace))
      const commands = now.map((keys) => migrating(both, keys))
      const asked = later.length === 0 ? [...commands, listing(batch.slots)] : commands
      const [took, answers] = yield* Effect.timed(crew.connections.all(both.source.door, asked, lane))
      const [found] = (yield* Either.all(answers)).slice(commands.length)
      yield* Ref.update(pace, (each) => adapted(each, Duration.toMillis(took)))
      yield* crew.step("keys")
      left = later.length === 0 ? held(batch.slots, found) : later
    }
    yield* crew.step("emptied")
  })

const isStill = (crew: Crew, { clusterId, nodeId, shardId }: Member) =>
  Effect.map(crew.cloud.state, ({ clusters }) => {
    const shards = clusters.find(({ id }) => id === clusterId)?.shards ?? []
    const primary = shards.find(({ id }) => id === shardId)?.nodes.find(({ role }) => role === "primary")
    return primary?.id === nodeId && crew.fleet.isRunning(nodeId)
  })

/** The refusals within the answer of a transaction. */
const errorsIn = (answer: unknown): ReadonlyArray<Error> =>
  Array.isArray(answer) ? answer.filter((each) => each instanceof Error) : []

/** The target takes a batch. No shard gets a new primary meanwhile: it might claim the slots back. */
const take = (crew: Crew, { source, target }: Parties, slots: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    for (const member of [source, target]) {
      if (yield* isStill(crew, member)) continue
      return yield* new NodeUnreachable({ address: member.door.address, reason: "it is no longer primary" })
    }
    const quiet = slots.slice(0, -1)
    const quietly: ReadonlyArray<Words> = [
      ["MULTI"],
      ["CLUSTER", "DELSLOTS", ...quiet],
      ["CLUSTER", "ADDSLOTS", ...quiet],
      ["EXEC"]
    ]
    const commands: ReadonlyArray<Words> = [
      ["CLUSTER", "BUMPEPOCH"],
      ...(quiet.length === 0 ? [] : quietly),
      ...setSlots(slots.slice(-1), "NODE", target.engineId)
    ]
    const answers = yield* crew.connections.all(target.door, commands, lane)
    yield* unless(answers)
    const [failure] = answers.flatMap((each) => errorsIn(Either.getOrUndefined(each)))
    if (failure !== undefined) {
      return yield* new CommandRefused({ address: target.door.address, command: "EXEC", reason: failure.message })
    }
  }).pipe(
    Effect.timeoutFail({
      duration: "1 second",
      onTimeout: () => new NodeUnreachable({ address: target.door.address, reason: "no answer in time" })
    }),
    crew.inTurn(source.clusterId)
  )

const close = (crew: Crew, both: Parties, slots: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    yield* take(crew, both, slots)
    yield* crew.step("target")
    const commands = setSlots(slots, "NODE", both.target.engineId)
    yield* Effect.flatMap(crew.connections.all(both.source.door, commands, lane), unless)
    yield* crew.step("source")
  })

/** Moves slots with their keys, as many at a time as are open for a moment only. */
export const handOver = (crew: Crew, both: Parties, slots: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    const pace = yield* startingPace(crew, both)
    for (let left = slots; left.length > 0; ) {
      const batch = yield* open(crew, both, left.slice(0, (yield* Ref.get(pace)).slots))
      yield* empty(crew, both, pace, batch)
      yield* close(crew, both, batch.slots)
      yield* crew.step("closed")
      yield* Ref.update(pace, (each) => ({ ...each, slots: openNext(each, batch) }))
      left = left.slice(batch.slots.length)
    }
  })
