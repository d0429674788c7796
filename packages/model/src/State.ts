/**
 * A project: everything the service knows, as immutable data.
 *
 * @since 0.1.0
 */
import { Flavor } from "@memstore-flows/api/Flavor"
import * as Schema from "effect/Schema"
import { BackupState } from "./BackupState.js"
import { ClusterState } from "./ClusterState.js"
import { OperationKind } from "./Operation.js"
import { defaults, Settings } from "./Settings.js"

/**
 * An operation that ended. `outcome`: `Failed` when the cluster failed with it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Ended = Schema.Struct({
  id: Schema.String,
  kind: OperationKind,
  clusterId: Schema.String,
  startedAt: Schema.Number,
  endedAt: Schema.Number,
  outcome: Schema.Literal("Completed", "Failed")
})

/**
 * - `seed`, `counter`: ids and addresses follow from them alone
 * - `clock`: the latest moment the state was moved to, epoch milliseconds
 * - `subnets`, `securityGroups`, `parameterGroups`: the known ids; `null` accepts any
 * - `armed`: what befalls the next operation of that kind (`null`: of any kind)
 * - `history`: operations that ended, oldest first, at most 200
 * - `writes`: how many commands of each tag were applied
 *
 * @since 0.1.0
 * @category schemas
 */
export const State = Schema.Struct({
  seed: Schema.String,
  counter: Schema.Int,
  projectId: Schema.String,
  clock: Schema.Number,
  settings: Settings,
  versions: Schema.Array(Schema.String),
  flavors: Schema.Array(Flavor),
  subnets: Schema.NullOr(Schema.Array(Schema.String)),
  securityGroups: Schema.NullOr(Schema.Array(Schema.String)),
  parameterGroups: Schema.NullOr(Schema.Array(Schema.String)),
  clusters: Schema.Array(ClusterState),
  backups: Schema.Array(BackupState),
  armed: Schema.Array(
    Schema.Struct({ kind: Schema.NullOr(OperationKind), outcome: Schema.Literal("Sticks", "Fails") })
  ),
  history: Schema.Array(Ended),
  writes: Schema.Record({ key: Schema.String, value: Schema.Int })
}).annotations({ identifier: "State" })

/**
 * @since 0.1.0
 * @category models
 */
export type State = typeof State.Type

/**
 * The state as JSON text.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Json = Schema.parseJson(State)

/**
 * Engine versions of the common page's newest sample, without 5.0.6, which cluster mode does not have.
 *
 * @since 0.1.0
 * @category constants
 */
export const sampleVersions: ReadonlyArray<string> = ["7.2.11", "7.2.6", "7.0.15", "6.2.20", "6.2.16", "6.2.5"]

/**
 * The flavors of the common page's sample; `memory` in GiB.
 *
 * @since 0.1.0
 * @category constants
 */
export const sampleFlavors: ReadonlyArray<Flavor> = [
  { id: "3830ebad-ea2f-4822-8a7d-9e301c86a58d", name: "a1-2-co", vcpus: 2, memory: 4 },
  { id: "9e34af24-e1fa-475f-ba5c-11f0116e1d85", name: "a1-4-co", vcpus: 4, memory: 8 },
  { id: "f443e5e2-84c1-47c1-984b-ee2221b96fe8", name: "a1-8-co", vcpus: 8, memory: 16 }
]

/**
 * What a new project may set. All of it has a default: seed `"memstore"`, the sample versions and flavors, any subnet,
 * security group and parameter group, the default settings.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly seed?: string
  readonly projectId?: string
  readonly settings?: Partial<Settings>
  readonly versions?: ReadonlyArray<string>
  readonly flavors?: ReadonlyArray<Flavor>
  readonly subnets?: ReadonlyArray<string>
  readonly securityGroups?: ReadonlyArray<string>
  readonly parameterGroups?: ReadonlyArray<string>
}

/**
 * A project without clusters.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): State => ({
  seed: options.seed ?? "memstore",
  counter: 0,
  projectId: options.projectId ?? "00000000000000000000000000000001",
  clock: 0,
  settings: { ...defaults, ...options.settings },
  versions: options.versions ?? sampleVersions,
  flavors: options.flavors ?? sampleFlavors,
  subnets: options.subnets ?? null,
  securityGroups: options.securityGroups ?? null,
  parameterGroups: options.parameterGroups ?? null,
  clusters: [],
  backups: [],
  armed: [],
  history: [],
  writes: {}
})

/**
 * The same project with other settings; work under way keeps the times it was given.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withSettings = (state: State, settings: Partial<Settings>): State => ({
  ...state,
  settings: { ...state.settings, ...settings }
})
