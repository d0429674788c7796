import * as Run from "@memstore-flows/engine/Run"
import * as Signal from "@memstore-flows/engine/Signal"
import type * as Topology from "@memstore-flows/model/Topology"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Ambiguous, type OutcomeUnknown } from "../FlowError.js"
import * as Observe from "../Observe.js"
import * as Resolution from "../Resolution.js"
import * as Waiter from "../Waiter.js"
import { WaitPolicy } from "../WaitPolicy.js"

/** What a cluster of the run's own making looks like. `from`: when it can have been made at the earliest. */
export interface Expected {
  readonly name: string
  readonly shardCount: number
  readonly from: number
}

/** Clocks of the caller and of the service may differ by so much. */
const skew = Duration.toMillis("5 minutes")

const misfit = ({ shards }: Topology.Topology, { from, name, shardCount }: Expected): string | undefined => {
  const other = shards.flatMap(({ nodes }) => nodes).find((node) => !node.name.startsWith(`${name}-`))
  if (other) return `it has a node named "${other.name}", so it is not named "${name}"`
  if (shards.length !== shardCount) return `it has ${shards.length} shards, not ${shardCount}`
  const older = shards.find(({ createdAt }) =>
    Option.exists(DateTime.make(createdAt), (made) => DateTime.toEpochMillis(made) < from - skew)
  )
  return older && `it was made at ${older.createdAt}, before the call`
}

const stranger = (clusterId: string, reason: string) =>
  new Ambiguous({ operation: "adopt", lookFor: `cluster ${clusterId} is not the one: ${reason}`, candidates: [] })

/**
 * Fails with `Ambiguous` unless the cluster is what the run would have made. Waits for its shards until `deadline`; one
 * that answers 404 for `WaitPolicy.settle` is not there.
 */
export const proven = (clusterId: string, expected: Expected, deadline: number) =>
  Effect.flatMap(WaitPolicy, ({ settle }) => {
    let absentSince: number | undefined
    return Waiter.until({
      what: `cluster ${clusterId} to show its shards`,
      read: Observe.topology(clusterId).pipe(
        Effect.asSome,
        Effect.catchTag("NotFound", () => Effect.succeedNone)
      ),
      deadline,
      judge: (seen, now): Waiter.Verdict<string, Ambiguous> => {
        if (Option.isNone(seen)) {
          absentSince ??= now
          const gone = now - absentSince >= Duration.toMillis(settle)
          return gone ? Waiter.broken(stranger(clusterId, "it is not there")) : Waiter.pending("not there")
        }
        if (seen.value.shards.length === 0) return Waiter.pending("no shards yet")
        const reason = misfit(seen.value, expected)
        return reason === undefined ? Waiter.done(clusterId) : Waiter.broken(stranger(clusterId, reason))
      }
    })
  })

/** Asks what became of the call, and waits for the answer; `why` an earlier answer was of no use. */
export const ask = (unknown: OutcomeUnknown, why: string | undefined) =>
  Effect.gen(function* () {
    const { answer } = yield* WaitPolicy
    const question = `${unknown.message}; then answer ${unknown.waiting}: adopt it, or not created`
    yield* Run.progress({ message: why === undefined ? question : `${why}. ${question}`, subject: unknown.name })
    const signal = Resolution.signal(unknown.waiting.slice(unknown.waiting.lastIndexOf("/") + 1))
    return yield* Duration.isFinite(answer)
      ? Effect.mapError(Signal.waitWithin(signal, answer), () => unknown)
      : Signal.wait(signal)
  })
