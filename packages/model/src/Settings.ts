/**
 * What the vendor's pages leave open, and how the model answers it.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { fast, Latencies } from "./Latencies.js"
import { RefusalStatus } from "./Refusal.js"

/**
 * - `latencies`: how long work takes; one of the presets or your own
 * - `endsBy`: `"time"`: work ends when its time is over. `"signal"`: only when `AdvanceOperation`, `CompleteOperation`,
 *   `AdvanceHeal` or `CompleteBackup` say so, for a data plane that does the work itself
 * - `statuses`: HTTP statuses by reason tag that differ from `Refusal.defaultStatus`, such as `{ Busy: 400 }`
 * - `deleteWhileBusy`: whether a cluster may be deleted while another operation runs. A `Failed` one always may
 * - `overMemoryRestore`: what becomes of a restore over the 60 % rule; the page says it "may fail"
 * - `healingStatus`: what a cluster shows while a dead node is replaced; the vendor lists no word of its own for it
 * - `endpointPrefix`: the first two parts of node addresses
 *
 * @since 0.1.0
 * @category schemas
 */
export const Settings = Schema.Struct({
  latencies: Latencies,
  endsBy: Schema.Literal("time", "signal"),
  statuses: Schema.Record({ key: Schema.String, value: RefusalStatus }),
  deleteWhileBusy: Schema.Boolean,
  overMemoryRestore: Schema.Literal("succeeds", "fails"),
  healingStatus: Schema.Literal("Running", "Modifying", "Scaling(horizontal)"),
  endpointPrefix: Schema.String
}).annotations({ identifier: "Settings" })

/**
 * @since 0.1.0
 * @category models
 */
export type Settings = typeof Settings.Type

/**
 * Latencies `fast`, work ends by time, no deletion while busy, restores over memory succeed, `Running` while healing.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaults: Settings = {
  latencies: fast,
  endsBy: "time",
  statuses: {},
  deleteWhileBusy: false,
  overMemoryRestore: "succeeds",
  healingStatus: "Running",
  endpointPrefix: "10.184"
}
