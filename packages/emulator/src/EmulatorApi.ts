/**
 * All routes of the emulator as one contract: MemStore, the token call, and the emulator's own.
 *
 * @since 0.1.0
 */
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { InvalidRequestBody, NotFoundBody } from "@memstore-flows/api/ErrorBody"
import { IdentityApi } from "@memstore-flows/api/IdentityApi"
import { MemStoreApi } from "@memstore-flows/api/MemStoreApi"
import { State } from "@memstore-flows/model/State"
import * as Schema from "effect/Schema"
import { PlaneReport } from "./DataPlane.js"
import { Disturbance } from "./Disturbance.js"
import * as Faults from "./Faults.js"
import { JournalEntry } from "./JournalEntry.js"

/**
 * Everything the emulator knows.
 *
 * - `now`: epoch milliseconds; `plane`: the name of the data plane; `dataPlane`: what it tells about itself
 * - `writes`: how many writes were applied, by operation
 * - `journal`: the last 1,000 requests, oldest first
 *
 * @since 0.1.0
 * @category schemas
 */
export const Overview = Schema.Struct({
  now: Schema.Number,
  plane: Schema.String,
  dataPlane: PlaneReport,
  writes: Schema.Record({ key: Schema.String, value: Schema.Int }),
  journal: Schema.Array(JournalEntry),
  faults: Schema.Array(Faults.Armed),
  model: State
}).annotations({ identifier: "Overview" })

/**
 * The faults in waiting.
 *
 * @since 0.1.0
 * @category schemas
 */
export const FaultList = Schema.Struct({ faults: Schema.Array(Faults.Armed) }).annotations({ identifier: "FaultList" })

/**
 * A whole plan. `seed`: for faults with a probability, default 1.
 *
 * @since 0.1.0
 * @category schemas
 */
export const FaultPlanPayload = Schema.Struct({
  seed: Schema.optionalWith(Schema.Int, { exact: true }),
  faults: Schema.Array(Faults.Fault)
}).annotations({ identifier: "FaultPlan", parseOptions: { onExcessProperty: "error" } })

/**
 * What each shard holds. `usedMemory` in bytes.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Census = Schema.Struct({
  shards: Schema.Array(
    Schema.Struct({
      shardId: Schema.String,
      slots: Schema.String,
      keys: Schema.Number,
      usedMemory: Schema.Number
    })
  )
}).annotations({ identifier: "Census" })

/**
 * Keys to put into a cluster. `bytesPerKey`: default 100.
 *
 * @since 0.1.0
 * @category schemas
 */
export const LoadKeysPayload = Schema.Struct({
  clusterId: Schema.NonEmptyString,
  count: Schema.Int.pipe(Schema.nonNegative()),
  bytesPerKey: Schema.optionalWith(Schema.Int.pipe(Schema.nonNegative()), { exact: true })
}).annotations({ identifier: "LoadKeys", parseOptions: { onExcessProperty: "error" } })

const Done = Schema.Struct({ message: Schema.String }).annotations({ identifier: "Done" })

/**
 * The emulator's own routes, which need no token.
 *
 * @since 0.1.0
 * @category groups
 */
export class ControlGroup extends HttpApiGroup.make("emulator")
  .add(HttpApiEndpoint.get("overview", "/_emulator/state").addSuccess(Overview))
  .add(HttpApiEndpoint.get("listFaults", "/_emulator/faults").addSuccess(FaultList))
  .add(
    HttpApiEndpoint.post("addFault", "/_emulator/faults")
      .setPayload(Faults.Fault)
      .addSuccess(Faults.Armed, { status: 201 })
      .addError(InvalidRequestBody)
  )
  .add(
    HttpApiEndpoint.put("replaceFaults", "/_emulator/faults")
      .setPayload(FaultPlanPayload)
      .addSuccess(FaultList)
      .addError(InvalidRequestBody)
  )
  .add(HttpApiEndpoint.del("clearFaults", "/_emulator/faults").addSuccess(FaultList))
  .add(
    HttpApiEndpoint.del("removeFault", "/_emulator/faults/:faultId")
      .setPath(Schema.Struct({ faultId: Schema.String }))
      .addSuccess(FaultList)
      .addError(NotFoundBody)
  )
  .add(
    HttpApiEndpoint.post("loadKeys", "/_emulator/keys")
      .setPayload(LoadKeysPayload)
      .addSuccess(Census)
      .addError(InvalidRequestBody)
      .addError(NotFoundBody)
  )
  .add(
    HttpApiEndpoint.get("census", "/_emulator/keys/:clusterId")
      .setPath(Schema.Struct({ clusterId: Schema.String }))
      .addSuccess(Census)
      .addError(NotFoundBody)
  )
  .add(
    HttpApiEndpoint.post("disturb", "/_emulator/disturb")
      .setPayload(Disturbance)
      .addSuccess(Done)
      .addError(InvalidRequestBody)
      .addError(NotFoundBody)
  )
  .add(HttpApiEndpoint.post("reset", "/_emulator/reset").addSuccess(Done))
  .annotate(
    OpenApi.Description,
    "The emulator's own routes. They need no token and do not exist in the real service."
  ) {}

/**
 * The contract that the emulator serves, over HTTP and in memory alike.
 *
 * @since 0.1.0
 * @category api
 */
export class EmulatorApi extends HttpApi.make("emulator")
  .addHttpApi(MemStoreApi)
  .addHttpApi(IdentityApi)
  .add(ControlGroup)
  .annotate(OpenApi.Title, "MemStore emulator")
  .annotate(
    OpenApi.Description,
    "KakaoCloud MemStore (cluster mode) and its token call, served locally. Not made by the vendor."
  )
  .annotate(OpenApi.Version, "0.1.0") {}

/**
 * Media type of every JSON answer.
 *
 * @since 0.1.0
 * @category constants
 */
export const jsonType = "application/json; charset=UTF-8"
