/**
 * The engine: it runs flows, and takes up after a restart those that had not ended.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { type Core, spawn } from "./internal/core.js"
import { promote } from "./internal/driver.js"
import * as registry from "./internal/registry.js"
import * as retain from "./internal/retention.js"
import * as runs from "./internal/runs.js"
import * as Timers from "./internal/timers.js"
import { Journal } from "./Journal.js"
import { Runs } from "./Runs.js"

export { Engine } from "./internal/registry.js"

/**
 * How long runs that have ended are kept: at most `maxRuns` (10,000) of them, each at most `maxAge` (30 days), both give
 * or take a tenth. Afterwards their ids are free. Runs that have not ended are always kept.
 *
 * @since 0.1.0
 * @category models
 */
export interface Retention {
  readonly maxRuns?: number
  readonly maxAge?: Duration.DurationInput
}

/**
 * `resume` says which unfinished runs a flow takes up when it is registered: `all` (default) of them, or `none`, where
 * something else decides and calls `Runs.resume`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly retention?: Retention
  readonly resume?: "all" | "none"
}

/**
 * An engine on a journal, at work until the scope closes: what `layer` provides.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: (
  options?: Options
) => Effect.Effect<Context.Context<registry.Engine | Runs>, never, Journal | Scope.Scope> = Effect.fnUntraced(
  function* (options: Options = {}) {
    const journal = yield* Journal
    const clock = yield* Effect.clock
    const runtime = yield* Effect.runtime<never>()
    const timers = Timers.make(runtime, clock)
    const rule = {
      maxRuns: options.retention?.maxRuns ?? 10_000,
      maxAge: Duration.toMillis(options.retention?.maxAge ?? "30 days")
    }
    const now = () => clock.unsafeCurrentTimeMillis()
    const retention = retain.make(journal, timers, now, (effect) => spawn(core, effect), rule)
    const core: Core = {
      journal,
      clock,
      timers,
      runtime,
      handlers: new Map(),
      lives: new Map(),
      tasks: new Set(),
      shared: { atOnce: false },
      resume: options.resume ?? "all",
      ended: retention.ended,
      promote: (record) => promote(core, record),
      closed: false
    }
    const close = Effect.suspend(() => {
      core.closed = true
      timers.close()
      return registry.leaveAll(core)
    })
    yield* registry.whenClosed(close)
    yield* retention.open
    return Context.make(registry.Engine, registry.make(core)).pipe(Context.add(Runs, runs.make(core)))
  }
)

/**
 * An engine on a journal. A flow is taken up when its own layer, built on this one, registers it.
 *
 * Closing it detaches: what is under way is cut, nothing is undone, and the runs go on when an engine next opens on the
 * journal. One journal in memory serves one engine at a time.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options = {}): Layer.Layer<registry.Engine | Runs, never, Journal> =>
  Layer.scopedContext(make(options))
