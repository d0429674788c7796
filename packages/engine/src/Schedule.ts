/**
 * Runs at the times of a cron expression, kept in the journal like any other run.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { Flow, Implemented } from "./Flow.js"
import { codecOf, type PureSchema } from "./internal/codec.js"
import type { Engine } from "./internal/registry.js"
import { layerOf } from "./internal/schedule/body.js"
import * as control from "./internal/schedule/control.js"
import { triggeredId } from "./internal/schedule/decide.js"
import * as records from "./internal/schedule/records.js"
import * as Times from "./internal/schedule/times.js"
import type { JournalError } from "./Journal.js"
import { unfinished } from "./JournalRecord.js"
import { PayloadInvalid, type RecordUnreadable } from "./RunError.js"
import * as Runs from "./Runs.js"
import {
  type CronOptions,
  Info,
  type ScheduleError,
  ScheduleInvalid,
  ScheduleNotFound,
  ScheduleTaken,
  type Turn
} from "./ScheduleRecord.js"

export * from "./ScheduleRecord.js"

const nameFault = (name: string) =>
  /^[^\s/@][^/@\n\r]*$/.test(name) ? [] : [{ path: "name", message: "is empty, or has a slash, an @ or a line break" }]

const bounds = (path: string, value: number, least: number, most: number) =>
  value >= least && value <= most ? [] : [{ path, message: `${value} is not between ${least} and ${most}` }]

const checked = (options: Omit<CronOptions<PureSchema>, "payload">) => {
  const { catchUp = "last", catchUpLimit = 100, cron, name, overlap = "skip", timeZone = "UTC" } = options
  const grace = Duration.toMillis(options.grace ?? "1 minute")
  const times = Times.parse(cron, timeZone)
  const faults = [
    ...nameFault(name),
    ...(Either.isLeft(times) ? times.left : []),
    ...bounds("catchUpLimit", catchUpLimit, 1, 10_000),
    ...bounds("grace", grace, 0, 86_400_000)
  ]
  if (faults.length > 0 || Either.isLeft(times)) return Either.left(new ScheduleInvalid({ schedule: name, faults }))
  return Either.right({
    times: times.right,
    definition: { name, cron, timeZone, overlap, catchUp, catchUpLimit, grace }
  })
}

const same = Schema.equivalence(records.Definition)

const infoOf = (flow: string, run: string, { at, definition, previous }: records.Tick): Info => {
  const { payload: _, ...settings } = definition
  return new Info({ ...settings, flow, run, previous, nextAt: at, paused: at === null })
}

/**
 * Makes a schedule, or changes the one of this name to be as told; if it is so already, nothing happens. It stays until
 * it is removed, over restarts, and wherever the layer of the flow's schedules is built somebody works on it: each time
 * is fired once, however many are.
 *
 * A changed expression or time zone counts from now. A paused schedule stays paused. Fails with `PayloadInvalid` when
 * the payload does not fit the flow.
 *
 * @since 0.1.0
 * @category constructors
 */
export const cron = <Name extends string, P extends PureSchema, S extends PureSchema, E extends PureSchema>(
  flow: Flow<Name, P, S, E>,
  options: CronOptions<P>
): Effect.Effect<
  Info,
  ScheduleInvalid | ScheduleTaken | PayloadInvalid | Exclude<ScheduleError, ScheduleNotFound>,
  Runs.Runs | Implemented<`schedule/${Name}`>
> =>
  Effect.gen(function* () {
    const { definition: settings, times } = yield* checked(options)
    const { name } = settings
    const invalid = ({ reason }: { readonly reason: string }) => new PayloadInvalid({ of: `schedule ${name}`, reason })
    const payload = yield* Effect.mapError(codecOf(flow.payload).toText(options.payload), invalid)
    const definition = { ...settings, payload }
    for (;;) {
      const last = yield* control.lastTick(name)
      if (last === undefined) {
        yield* begin(flow.name, definition, times)
        continue
      }
      const of = control.flowOf(last)
      if (of !== flow.name) return yield* new ScheduleTaken({ schedule: name, flow: of })
      const tick = yield* control.readTick(last)
      if (tick !== undefined && same(tick.definition, definition)) return infoOf(of, last.id, tick)
      yield* control.command(name, { _tag: "Define", definition })
    }
  })

/** Another may begin it at the same moment; then that one is found. */
const begin = <Name extends string>(flow: Name, definition: records.Definition, times: Times.Times) =>
  Effect.gen(function* () {
    const number = yield* control.nextNumber(definition.name)
    const at = Times.after(times, yield* Clock.currentTimeMillis)
    const tick: records.Tick = { number, definition, at, previous: null }
    yield* Runs.start(records.tickFlow(flow), { id: records.tickId(tick), payload: tick })
  }).pipe(Effect.catchTags({ Busy: () => Effect.void, RunIdTaken: () => Effect.void }))

const layers = new WeakMap<object, unknown>()

/**
 * Works on the schedules of a flow: those in the journal are taken up, and `cron` can make new ones. For the same flow
 * it is the same layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = <Name extends string, P extends PureSchema, S extends PureSchema, E extends PureSchema>(
  flow: Flow<Name, P, S, E>
): Layer.Layer<Implemented<`schedule/${Name}`>, JournalError, Engine | Runs.Runs | Implemented<Name>> => {
  const known = layers.get(flow)
  // The map holds under each flow the layer made of it.
  if (known) return known as ReturnType<typeof layerOf<Name, P, S, E>>
  const made = layerOf(flow)
  layers.set(flow, made)
  return made
}

const tickOf = (name: string) =>
  Effect.gen(function* () {
    for (;;) {
      const last = yield* control.lastTick(name)
      if (last === undefined) return yield* new ScheduleNotFound({ schedule: name })
      const tick = yield* control.readTick(last)
      if (tick !== undefined) return { last, tick }
    }
  })

/**
 * What is known of a schedule.
 *
 * @since 0.1.0
 * @category accessors
 */
export const get = (name: string): Effect.Effect<Info, ScheduleNotFound | RecordUnreadable | JournalError, Runs.Runs> =>
  Effect.map(tickOf(name), ({ last, tick }) => infoOf(control.flowOf(last), last.id, tick))

/**
 * The schedules that start a flow, newest first, at most 1,000.
 *
 * @since 0.1.0
 * @category accessors
 */
export const list = (flow: {
  readonly name: string
}): Effect.Effect<ReadonlyArray<Info>, RecordUnreadable | JournalError, Runs.Runs> =>
  Effect.gen(function* () {
    const ticks = yield* Runs.list({ flow: records.tickFlow(flow.name).name, state: unfinished, limit: 1_000 })
    const found = new Map<string, Info>()
    for (const last of ticks) {
      const tick = found.has(last.resource ?? "") ? undefined : yield* control.readTick(last)
      if (tick) found.set(records.resourceOf(tick.definition.name), infoOf(flow.name, last.id, tick))
    }
    return Array.from(found.values())
  })

/**
 * The next times of a schedule, 10 unless told, in milliseconds of the epoch; none while it is paused.
 *
 * @since 0.1.0
 * @category accessors
 */
export const next = (
  name: string,
  count = 10
): Effect.Effect<ReadonlyArray<number>, ScheduleNotFound | RecordUnreadable | JournalError, Runs.Runs> =>
  Effect.flatMap(tickOf(name), ({ tick: { at, definition } }) => {
    if (at === null) return Effect.succeed([])
    const parsed = Either.getOrThrow(Times.parse(definition.cron, definition.timeZone))
    return Effect.succeed(Times.some(parsed, at - 1, count))
  })

/**
 * The times of a cron expression after a time, in milliseconds of the epoch, without any schedule.
 *
 * @since 0.1.0
 * @category constructors
 */
export const times = (
  options: Pick<CronOptions<PureSchema>, "cron" | "timeZone">,
  range: { readonly after: number; readonly count: number }
): Either.Either<ReadonlyArray<number>, ScheduleInvalid> =>
  Either.map(checked({ ...options, name: "times" }), (found) => Times.some(found.times, range.after, range.count))

/**
 * What a schedule did, newest first: at most `limit` (100) of its turns. `after` is the `seq` of the last turn of the
 * page before. Turns are kept as long as runs are.
 *
 * @since 0.1.0
 * @category accessors
 */
export const history = (
  name: string,
  options: { readonly limit?: number; readonly after?: number } = {}
): Effect.Effect<
  ReadonlyArray<{ readonly seq: number; readonly turn: Turn }>,
  Exclude<ScheduleError, ScheduleNotFound>,
  Runs.Runs
> =>
  Effect.gen(function* () {
    const ended = yield* Runs.list({ ...options, resource: records.resourceOf(name), state: "succeeded" })
    const turns = yield* Effect.forEach(ended, (tick) =>
      Effect.map(control.turnOf(tick), (turn) => (turn === undefined ? [] : [{ seq: tick.seq, turn }]))
    )
    return turns.flat()
  })

const ordered = (name: string, order: records.Order): Effect.Effect<Turn, ScheduleError, Runs.Runs> =>
  Effect.flatMap(control.command(name, order), (turn) =>
    turn === undefined ? Effect.fail(new ScheduleNotFound({ schedule: name })) : Effect.succeed(turn)
  )

/**
 * Lets the times of a schedule pass until it is resumed. They are not made up for. Runs that have begun go on.
 *
 * @since 0.1.0
 * @category accessors
 */
export const pause = (name: string): Effect.Effect<void, ScheduleError, Runs.Runs> =>
  Effect.asVoid(ordered(name, { _tag: "Pause" }))

/**
 * Lets a paused schedule go on with the first time after now.
 *
 * @since 0.1.0
 * @category accessors
 */
export const resume = (name: string): Effect.Effect<void, ScheduleError, Runs.Runs> =>
  Effect.asVoid(ordered(name, { _tag: "Resume" }))

/**
 * Starts a run of a schedule now, also while it is paused, by the same rule of overlap; its times stay as they are. The
 * run has the id `<name>@<now, with milliseconds>`.
 *
 * @since 0.1.0
 * @category accessors
 */
export const trigger = (name: string): Effect.Effect<Turn, ScheduleError, Runs.Runs> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => ordered(name, { _tag: "Trigger", run: triggeredId(name, now) }))

/**
 * Ends a schedule. Runs that have begun, or wait in line, go on.
 *
 * @since 0.1.0
 * @category accessors
 */
export const remove = (name: string): Effect.Effect<void, ScheduleError, Runs.Runs> =>
  Effect.asVoid(ordered(name, { _tag: "Remove" }))
