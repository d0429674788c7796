/**
 * Faults: what shall go wrong, and when.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { Disturbance } from "./Disturbance.js"

/**
 * The names of the calls: those of the api package's services, and `CreateToken`.
 *
 * `POST /v1/clusters` is `RestoreCluster` when its body has a `restoreSource`, else `CreateCluster`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const OperationName = Schema.Literal(
  "CreateCluster",
  "RestoreCluster",
  "UpdateCluster",
  "DeleteCluster",
  "ListClusters",
  "GetCluster",
  "AddShard",
  "ListShards",
  "GetShard",
  "DeleteShard",
  "AddReplica",
  "ListNodes",
  "GetNode",
  "DeleteNode",
  "CreateBackup",
  "ListBackups",
  "ListEngineVersions",
  "ListFlavors",
  "CreateToken"
).annotations({ identifier: "OperationName", message: () => "must be the name of a call, such as AddShard" })

/**
 * @since 0.1.0
 * @category models
 */
export type OperationName = typeof OperationName.Type

const optional = { exact: true } as const
const Positive = Schema.Int.pipe(Schema.positive())
const Millis = Schema.Number.pipe(Schema.finite(), Schema.nonNegative())

/**
 * Which requests a fault concerns; every condition given must hold, none given means any request.
 *
 * - `operation`: the name of the call; `method`: the HTTP method
 * - `route`: a path; `*` or `:name` stands for one segment, as in `/v1/clusters/:clusterId/shards`
 * - `nth`: only the nth request that fits the conditions above, counted from 1
 * - `probability`: 0-1, drawn from the plan's seed
 * - `times`: how often it strikes in all: a number or `"always"`. Default 1, with `probability` `"always"`
 * - `step`: when the work on a cluster comes to this step; for a `Disturb` alone, without `method` and `route`. Steps are the
 *   stages `Init`, `Creating`, `Modifying`, `Nodes`, `Slots`, `Deleting`; real servers have finer ones too, such as
 *   `importing`, `keys` and `target` of a slot that moves. `operation` is then the kind of work (a restore is a
 *   `CreateCluster`), and `nth` counts arrivals at the step
 * - `afterMillis`: not before so long after it was added. A `Disturb` with this condition alone strikes at that moment by
 *   itself, without any request
 *
 * @since 0.1.0
 * @category schemas
 */
export const Match = Schema.Struct({
  operation: Schema.optionalWith(OperationName, optional),
  method: Schema.optionalWith(Schema.Literal("GET", "POST", "PATCH", "DELETE"), optional),
  route: Schema.optionalWith(Schema.String.pipe(Schema.startsWith("/")), optional),
  nth: Schema.optionalWith(Positive, optional),
  probability: Schema.optionalWith(Schema.Number.pipe(Schema.between(0, 1)), optional),
  times: Schema.optionalWith(Schema.Union(Positive, Schema.Literal("always")), optional),
  step: Schema.optionalWith(Schema.NonEmptyString, optional),
  afterMillis: Schema.optionalWith(Millis, optional)
}).annotations({ identifier: "Match" })

/**
 * @since 0.1.0
 * @category models
 */
export type Match = typeof Match.Type

const tagged = Schema.TaggedStruct
const Headers = Schema.Record({ key: Schema.String, value: Schema.String }).pipe(
  Schema.filter(
    (headers) =>
      Object.entries(headers).every(
        ([name, value]) => /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name) && /^[\t\x20-\x7e]*$/.test(value)
      ) || "must be names and values that a header can have"
  )
)

/**
 * What happens to a request that is met.
 *
 * - `Status`: this answer, and nothing is applied. `body` is sent as JSON, by default `{"message": ...}`
 * - `Throttle`: 429 with `Retry-After`, default 1 second
 * - `Delay`: the answer comes so much later; the work is done `"after"` the delay or `"before"` it, default `"after"`
 * - `Drop`: the connection breaks and nothing is applied
 * - `LoseAnswer`: the request is carried out, then the connection breaks
 * - `Stick`: the operation it begins does not end; `Fail`: it ends `Failed`. Not for backups
 * - `ExpireToken`: the token it carries has expired
 * - `Disturb`: see `Disturbance`; it happens before the request is carried out
 *
 * @since 0.1.0
 * @category schemas
 */
export const Action = Schema.Union(
  tagged("Status", {
    status: Schema.Int.pipe(Schema.between(200, 599)),
    body: Schema.optionalWith(Schema.Unknown, optional),
    headers: Schema.optionalWith(Headers, optional),
    retryAfterSeconds: Schema.optionalWith(Millis, optional)
  }),
  tagged("Throttle", { retryAfterSeconds: Schema.optionalWith(Millis, optional) }),
  tagged("Delay", { millis: Millis, work: Schema.optionalWith(Schema.Literal("before", "after"), optional) }),
  tagged("Drop", {}),
  tagged("LoseAnswer", {}),
  tagged("Stick", {}),
  tagged("Fail", {}),
  tagged("ExpireToken", {}),
  tagged("Disturb", { disturbance: Disturbance })
).annotations({ identifier: "Action" })

/**
 * @since 0.1.0
 * @category models
 */
export type Action = typeof Action.Type

/**
 * One fault. Of several that meet the same request all count; the first `Status`, `Throttle` or `Drop` answers it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Fault = Schema.Struct({
  match: Schema.optionalWith(Match, { default: () => ({}), exact: true }),
  do: Action
})
  .pipe(
    Schema.filter(({ do: action, match }) =>
      match.step === undefined || (action._tag === "Disturb" && match.method === undefined && match.route === undefined)
        ? true
        : { path: ["match", "step"], message: "is for a Disturb alone, without method and route" }
    )
  )
  .annotations({ identifier: "EmulatorFault", parseOptions: { onExcessProperty: "error" } })

/**
 * @since 0.1.0
 * @category models
 */
export interface Fault {
  readonly match?: Match
  readonly do: Action
}

/**
 * A fault in a plan. `seen`: requests that fitted its conditions; `fired`: how often it struck.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Armed = Schema.Struct({
  id: Schema.String,
  match: Match,
  do: Action,
  addedAt: Schema.Number,
  seen: Schema.Int,
  fired: Schema.Int
}).annotations({ identifier: "ArmedFault" })

/**
 * @since 0.1.0
 * @category models
 */
export type Armed = typeof Armed.Type

/**
 * @since 0.1.0
 * @category actions
 */
export const status = (
  code: number,
  options: {
    readonly body?: unknown
    readonly headers?: Readonly<Record<string, string>>
    readonly retryAfterSeconds?: number
  } = {}
): Action => ({ _tag: "Status", status: code, ...options })

/**
 * @since 0.1.0
 * @category actions
 */
export const throttle = (retryAfter: Duration.DurationInput = "1 second"): Action => ({
  _tag: "Throttle",
  retryAfterSeconds: Duration.toSeconds(retryAfter)
})

/**
 * @since 0.1.0
 * @category actions
 */
export const delay = (
  duration: Duration.DurationInput,
  options: { readonly work?: "before" | "after" } = {}
): Action => ({ _tag: "Delay", millis: Duration.toMillis(duration), ...options })

/**
 * @since 0.1.0
 * @category actions
 */
export const drop: Action = { _tag: "Drop" }

/**
 * @since 0.1.0
 * @category actions
 */
export const loseAnswer: Action = { _tag: "LoseAnswer" }

/**
 * @since 0.1.0
 * @category actions
 */
export const stick: Action = { _tag: "Stick" }

/**
 * @since 0.1.0
 * @category actions
 */
export const fail: Action = { _tag: "Fail" }

/**
 * @since 0.1.0
 * @category actions
 */
export const expireToken: Action = { _tag: "ExpireToken" }

/**
 * @since 0.1.0
 * @category actions
 */
export const disturb = (disturbance: Disturbance): Action => ({ _tag: "Disturb", disturbance })
