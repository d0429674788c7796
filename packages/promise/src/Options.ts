/**
 * What `createMemStoreFlows` is made with.
 *
 * @since 0.1.0
 */

import type * as HttpClient from "@effect/platform/HttpClient"
import type { MemStoreClientOptions } from "@memstore-flows/api/MemStoreClient"
import type { Retention } from "@memstore-flows/engine/Engine"
import type { Journal } from "@memstore-flows/engine/Journal"
import type { WaitPolicySettings } from "@memstore-flows/workflows/WaitPolicy"
import type * as Duration from "effect/Duration"
import type * as Layer from "effect/Layer"
import type { Catalog } from "./Catalog.js"

/**
 * An IAM access key, by its id or by its name and user. The secret is wrapped at once: no log, error or journal has it.
 *
 * @since 0.1.0
 * @category models
 */
export type Credential =
  | { readonly id: string; readonly secret: string }
  | { readonly name: string; readonly userId: string; readonly secret: string }

/**
 * One line of the log. `level` is `DEBUG`, `INFO`, `WARN` and so on; `at` is milliseconds of the epoch.
 *
 * @since 0.1.0
 * @category models
 */
export interface LogLine {
  readonly at: number
  readonly level: string
  readonly message: string
  readonly annotations: Readonly<Record<string, unknown>>
}

/**
 * How often flows look, and how long they wait: the settings of `WaitPolicy`, times as milliseconds or as texts such as
 * `30 seconds`.
 *
 * @since 0.1.0
 * @category models
 */
export type Wait = {
  readonly [K in keyof WaitPolicySettings]?: WaitPolicySettings[K] extends number ? number : Duration.DurationInput
}

/**
 * - `credential`, or a ready `token`
 * - `endpoint`: region, base URL, time-outs and wire choices, see `MemStoreClientOptions`; `iamUrl` is the identity
 *   service, `https://iam.kakaocloud.com` unless given
 * - `journal`: where runs are kept, in memory unless given; a layer of `@memstore-flows/engine-sqlite` keeps them in a file
 * - `retention`: how long runs that have ended are kept
 * - `wait`: see `Wait`; what is not given has its default
 * - `password`: gives the encrypted password of a user, for flows that create clusters with one
 * - `flows`: your own, beside those of the library
 * - `services`: a layer of anything else flows may use, such as `DataProbe`, `ReplicaSync` or a tracer
 * - `http`: what sends requests; undici unless given
 * - `log`: gets each line; nothing is logged unless given
 *
 * @since 0.1.0
 * @category models
 */
export type Options<Own extends Catalog> = ({ readonly credential: Credential } | { readonly token: string }) & {
  readonly endpoint?: Omit<MemStoreClientOptions, "transformClient">
  readonly iamUrl?: string
  readonly journal?: Layer.Layer<Journal, unknown>
  readonly retention?: Retention
  readonly wait?: Wait
  readonly password?: (user: string) => Promise<string>
  readonly flows?: Own
  readonly services?: Layer.Layer<never, unknown>
  readonly http?: Layer.Layer<HttpClient.HttpClient, unknown>
  readonly log?: (line: LogLine) => void
}
