import type * as MemStore from "@memstore-flows/api/MemStore"
import * as Engine from "@memstore-flows/engine/Engine"
import type * as Event from "@memstore-flows/engine/Event"
import type * as Flow from "@memstore-flows/engine/Flow"
import * as Journal from "@memstore-flows/engine/Journal"
import type * as Outcome from "@memstore-flows/engine/Outcome"
import * as Run from "@memstore-flows/engine/Run"
import * as Runs from "@memstore-flows/engine/Runs"
import type { State } from "@memstore-flows/model/State"
import * as View from "@memstore-flows/model/View"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import type * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Approval from "../../Approval.js"
import { DataProbe } from "../../DataProbe.js"
import * as Handover from "../../Handover.js"
import { LoadProbe } from "../../LoadProbe.js"
import { PasswordSource } from "../../PasswordSource.js"
import { ReplicaSync, type SyncState } from "../../ReplicaSync.js"
import { operationsOn } from "./operations.js"
import * as Plane from "./plane.js"
import * as VirtualTime from "./virtualTime.js"

type Pure = Schema.Schema.AnyNoContext | typeof Schema.Never

/** A flow as it is exported: its contract and its body. */
export interface Rehearsable<
  Name extends string,
  P extends Schema.Schema.AnyNoContext,
  S extends Pure,
  E extends Pure
> {
  readonly flow: Flow.Flow<Name, P, S, E>
  readonly body: (payload: P["Type"]) => Effect.Effect<S["Type"], E["Type"], MemStore.Operations | Run.Run>
}

/** A call of the flow or of an undo, under the name of the step it was made in. */
export interface Sent extends Plane.Call, Plane.Answer {
  readonly step: string
  readonly undo: boolean
}

/** A question that was asked in the course of the flow. */
export interface Asked {
  readonly step: string
  readonly at: number
  readonly until: number | null
  readonly question: string
  readonly answered: boolean
}

/** - `cancelAfter`: after how many writes the run is cancelled, just before it would go on to the next */
export interface Options extends Omit<Plane.Options, "now" | "answered" | "before"> {
  readonly at: number
  readonly bounds: VirtualTime.Bounds
  /** Whether an object of this id is there in the live project. */
  readonly isLive: (id: string) => boolean
  readonly cancelAfter?: number
  /** What happens to the plane while the flow runs. */
  readonly meddle?: (plane: Plane.Plane) => Effect.Effect<void>
}

/** What came of a trial. */
export interface Trial<A, E> {
  readonly outcome: Outcome.Outcome<A, E>
  readonly events: ReadonlyArray<Event.Event>
  readonly calls: ReadonlyArray<Sent>
  readonly reads: Readonly<Record<string, number>>
  readonly asked: ReadonlyArray<Asked>
  /** The clusters that were read or changed. */
  readonly touched: ReadonlySet<string>
  /** What to call the objects that were made, by id or address. */
  readonly born: ReadonlyMap<string, string>
  readonly entries: ReadonlyArray<Journal.Entry>
  readonly peakNodes: number
  readonly state: State
  readonly at: number
  readonly endedAt: number
}

/** The run can go no further; `waiting` is the signal it waits for. */
export interface Stuck extends VirtualTime.Stalled {
  readonly waiting: string | undefined
}

const runId = "rehearsal"

const nodesOf = ({ clusters }: State): number =>
  clusters.reduce((sum, { shards }) => sum + shards.reduce((each, { nodes }) => each + nodes.length, 0), 0)

interface Whereabouts {
  readonly step: string
  readonly undoing: boolean
}

const nowhere: Whereabouts = { step: "", undoing: false }

/** The step the calling fiber is in, and whether it is being undone. A report of progress tells the engine's own view. */
const whereabouts = (runs: Runs.Service): Effect.Effect<Whereabouts> =>
  Effect.contextWithEffect((context: Context.Context<never>) =>
    Option.match(Context.getOption(context, Run.Run), {
      onNone: () => Effect.succeed(nowhere),
      onSome: (run) =>
        Run.progress({ message: "" }).pipe(
          Effect.provideService(Run.Run, run),
          Effect.zipRight(runs.get(run.id)),
          Effect.map(({ progress, state }) => ({
            step: progress?._tag === "Progress" ? progress.step : "",
            undoing: state === "undoing" || state === "cancelling"
          })),
          Effect.orElseSucceed(() => nowhere)
        )
    })
  )

/** Gives what the last write made a name that nobody takes for an id. */
const christen = (born: Map<string, string>, { backups, clusters }: State, isLive: (id: string) => boolean): void => {
  const name = (kind: string, id: string): string | undefined => {
    if (isLive(id) || born.has(id)) return undefined
    const count = [...born.values()].filter((each) => each.startsWith(`new-${kind}-`)).length
    const given = `new-${kind}-${count + 1}`
    born.set(id, given)
    return given
  }
  for (const { id } of backups) name("backup", id)
  for (const { id, shards } of clusters) {
    name("cluster", id)
    for (const node of shards.flatMap(({ nodes }) => nodes)) {
      const given = name("node", node.id)
      if (given !== undefined) born.set(node.endpoint, `address-of-${given}`)
    }
  }
}

interface Notes {
  readonly calls: Array<Sent>
  readonly reads: Record<string, number>
  readonly asked: Array<Asked>
  readonly touched: Set<string>
  readonly born: Map<string, string>
  peakNodes: number
  writes: number
  undoing: boolean
  question: string
}

/** The probes as they can be in a world that is not there: of what is live, the caller's own, asked once. */
const probes = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  {
    options,
    plane,
    world
  }: { readonly options: Options; readonly plane: Plane.Plane; readonly world: VirtualTime.World }
): Effect.Effect<A, E, R> =>
  Effect.contextWithEffect((context: Context.Context<R>) => {
    const given = (key: string) => context.unsafeMap.has(key)
    const sync = Context.get(context, ReplicaSync)
    const load = Context.get(context, LoadProbe)
    const data = Context.get(context, DataProbe)
    const password = Context.get(context, PasswordSource)
    const hook = Context.get(context, Handover.Handover)
    const ready = (clusterId: string) =>
      given(Handover.Handover.key) ? world.outside(hook.ready(clusterId)) : hook.ready(clusterId)
    const known = new Map<string, SyncState>()
    const look: typeof sync.look = (question) => {
      const { nodeId } = question.replica
      if (!given(ReplicaSync.key)) return sync.look(question)
      if (!options.isLive(nodeId)) {
        const synced = View.isSynced(plane.state(), question.clusterId, nodeId, world.now())
        return Effect.succeed<SyncState>(synced ? { _tag: "InSync" } : { _tag: "Behind", detail: "copying" })
      }
      const before = known.get(nodeId)
      if (before !== undefined) return Effect.succeed(before)
      return Effect.tap(world.outside(sync.look(question)), (state) => Effect.sync(() => known.set(nodeId, state)))
    }
    const live = ({ clusterId, shards }: Parameters<typeof load.look>[0]) => {
      const there = shards
        .map((shard) => ({ ...shard, nodes: shard.nodes.filter(({ id }) => options.isLive(id)) }))
        .filter(({ nodes }) => nodes.length > 0)
      return there.length === 0 ? Effect.succeedNone : world.outside(load.look({ clusterId, shards: there }))
    }
    return effect.pipe(
      Effect.provideService(ReplicaSync, { look }),
      Effect.provideService(LoadProbe, { look: given(LoadProbe.key) ? live : load.look }),
      Effect.provideService(DataProbe, {
        verify: (question) =>
          given(DataProbe.key) ? Effect.succeed({ _tag: "Good", detail: "assumed" }) : data.verify(question)
      }),
      Effect.provideService(Handover.Handover, { ...Handover.nothing, ready }),
      Effect.provideService(PasswordSource, { encrypted: (user) => world.outside(password.encrypted(user)) })
    )
  })

const approve = (step: string) => {
  const end = step.lastIndexOf("/")
  if (step.slice(end + 1) !== Approval.signal.name) return Effect.succeed(false)
  const scope = end < 0 ? {} : { scope: step.slice(0, end) }
  return Effect.as(
    Effect.ignore(Runs.signal(runId, Approval.signal, { approved: true, by: "the rehearsal" }, scope)),
    true
  )
}

/** Follows the events of the run: keeps them, and answers what is asked. */
const follow = (events: Array<Event.Event>, notes: Notes) =>
  Stream.runForEach(Runs.events(runId), (event) =>
    Effect.suspend(() => {
      if (event._tag === "Progress") {
        if (event.progress.message !== "") notes.question = event.progress.message
        return Effect.void
      }
      events.push(event)
      if (event._tag !== "WaitingForSignal") return Effect.void
      const { at, step, until } = event
      return Effect.map(approve(step), (answered) => {
        notes.asked.push({ step, at, until, question: notes.question, answered })
      })
    })
  )

/** Runs a flow from its start to its end on a plane of its own, in a time of its own. */
export const make = <Name extends string, P extends Schema.Schema.AnyNoContext, S extends Pure, E extends Pure>(
  { body, flow }: Rehearsable<Name, P, S, E>,
  payload: P["Type"],
  options: Options
): Effect.Effect<Trial<S["Type"], E["Type"]>, Stuck | Runs.StartError | Runs.OutcomeError> =>
  Effect.suspend(() => {
    const { cancelAfter } = options
    const notes: Notes = {
      calls: [],
      reads: {},
      asked: [],
      touched: new Set(),
      born: new Map(),
      peakNodes: nodesOf(options.state),
      writes: 0,
      undoing: false,
      question: ""
    }
    const events: Array<Event.Event> = []
    const world = VirtualTime.make(options.at, options.bounds)
    let runs: Runs.Service | undefined
    /** Cancels the run, and lets the caller be cut; one that is being undone already goes on. */
    const stop: Effect.Effect<void> = Effect.suspend(() => {
      if (runs === undefined) return Effect.void
      const cancel = Effect.forkDaemon(runs.cancel(runId))
      return Effect.flatMap(Effect.option(runs.get(runId)), (info) => {
        if (Option.isNone(info) || info.value.state !== "running") return Effect.void
        notes.undoing = true
        return Effect.zipRight(cancel, Effect.never)
      })
    })
    const isDue = () => !notes.undoing && cancelAfter !== undefined && notes.writes >= cancelAfter
    const plane = Plane.make({
      ...options,
      now: world.now,
      before: (call) => (call.isWrite && isDue() ? stop : undefined),
      answered: (call, answer) => {
        if (call.clusterId !== undefined) notes.touched.add(call.clusterId)
        if (!call.isWrite) {
          notes.reads[call.operation] = (notes.reads[call.operation] ?? 0) + 1
          return undefined
        }
        if (!notes.undoing) notes.writes++
        const state = plane.state()
        notes.peakNodes = Math.max(notes.peakNodes, nodesOf(state))
        christen(notes.born, state, options.isLive)
        const where = runs === undefined ? Effect.succeed(nowhere) : whereabouts(runs)
        return Effect.map(where, ({ step, undoing }) => {
          notes.calls.push({ ...call, ...answer, step, undo: undoing })
        })
      }
    })
    const whole = (given: P["Type"]) => Effect.tap(body(given), () => (isDue() ? stop : Effect.void))
    const layer = flow
      .toLayer(whole)
      .pipe(
        Layer.provideMerge(Engine.layer()),
        Layer.provideMerge(Journal.layerMemory),
        Layer.provide(Layer.succeedContext(operationsOn(plane.client)))
      )
    const trial = Effect.gen(function* () {
      const context = yield* Layer.build(layer)
      runs = Context.get(context, Runs.Runs)
      return yield* Effect.gen(function* () {
        yield* Runs.start(flow, { payload, id: runId })
        yield* Effect.forkScoped(options.meddle?.(plane) ?? Effect.void)
        const following = yield* Effect.fork(follow(events, notes))
        const outcome = yield* Runs.outcome(flow, runId)
        const endedAt = world.now()
        yield* following.await
        const entries = yield* Effect.flatMap(Journal.Journal, (journal) => journal.entries(runId))
        return { outcome, endedAt, entries }
      }).pipe(Effect.provide(context))
    }).pipe(Effect.scoped, Effect.withRandom(Random.make("rehearsal")))
    return world.run(probes(trial, { options, plane, world })).pipe(
      Effect.map(({ endedAt, entries, outcome }) => ({
        outcome,
        events,
        calls: notes.calls,
        reads: notes.reads,
        asked: notes.asked,
        touched: notes.touched,
        born: notes.born,
        entries,
        peakNodes: notes.peakNodes,
        state: plane.state(),
        at: options.at,
        endedAt
      })),
      Effect.catchIf(
        (error): error is VirtualTime.Stalled => error._tag === "Stalled",
        (error) => Effect.fail<Stuck>({ ...error, waiting: notes.asked.at(-1)?.step })
      )
    )
  })
