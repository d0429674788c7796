/**
 * How long and how often a flow looks.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"

/**
 * - `firstDelay`, `factor`, `maxDelay`: the first poll is at once, the second after `firstDelay`, each further delay is
 *   `factor` times the one before, at most `maxDelay`; it starts over when the state seen changes
 * - `jitter`: each delay is shortened at random by up to this share, 0-1
 * - `settle`: how long a write whose answer was lost must stay invisible before it counts as not done
 * - `create`, `scale`, `remove`: how long creating or restoring a cluster, changing shards or nodes, and removing a
 *   cluster may take
 * - `sync`: how long a new replica may take to catch up
 * - `heal`: how long a node that seems to be missing is given to show before the count is taken as it is
 * - `faults`: how many answers in a row may fail for a passing reason before the wait fails
 * - `attempts`: how often a write that surely had no effect is sent
 * - `answer`: how long a run in `OutcomeUnknown` waits for a `Resolution`
 *
 * @since 0.1.0
 * @category models
 */
export interface WaitPolicySettings {
  readonly firstDelay: Duration.Duration
  readonly factor: number
  readonly maxDelay: Duration.Duration
  readonly jitter: number
  readonly settle: Duration.Duration
  readonly create: Duration.Duration
  readonly scale: Duration.Duration
  readonly remove: Duration.Duration
  readonly sync: Duration.Duration
  readonly heal: Duration.Duration
  readonly faults: number
  readonly attempts: number
  readonly answer: Duration.Duration
}

/**
 * The defaults: 2 s growing by half to 30 s, jitter 20 %, settle 30 s; create 2 h, scale 24 h (the vendor speaks of
 * several hours), remove 1 h, sync 2 h, heal 30 min (the vendor speaks of some tens of minutes for a node); 10 faults, 3
 * attempts; an answer is waited for without end.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaults: WaitPolicySettings = {
  firstDelay: Duration.seconds(2),
  factor: 1.5,
  maxDelay: Duration.seconds(30),
  jitter: 0.2,
  settle: Duration.seconds(30),
  create: Duration.hours(2),
  scale: Duration.hours(24),
  remove: Duration.hours(1),
  sync: Duration.hours(2),
  heal: Duration.minutes(30),
  faults: 10,
  attempts: 3,
  answer: Duration.infinity
}

/**
 * The policy in force; `defaults` unless a layer says otherwise.
 *
 * @since 0.1.0
 * @category tags
 */
export class WaitPolicy extends Context.Reference<WaitPolicy>()("@memstore-flows/workflows/WaitPolicy", {
  defaultValue: () => defaults
}) {}

/**
 * A policy that is `defaults` but for the settings given.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (settings: Partial<WaitPolicySettings>): WaitPolicySettings => ({ ...defaults, ...settings })
