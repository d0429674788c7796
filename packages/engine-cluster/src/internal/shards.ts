import type { RunnerStorage } from "@effect/cluster/RunnerStorage"
import type { ShardId } from "@effect/cluster/ShardId"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

type Storage = RunnerStorage["Type"]

/** @internal What happens to the shards of this process. */
export interface Listener {
  readonly gained: Effect.Effect<void>
  /** Returns when nothing of the runs in them goes on here. */
  readonly lost: (shards: ReadonlySet<number>) => Effect.Effect<void>
}

/** @internal The shards whose lock this process holds, as the locks themselves say. */
export interface Shards {
  readonly held: ReadonlySet<number>
  readonly listen: (listener: Listener) => void
  /** The storage of the locks, watched. */
  readonly over: (inner: Storage) => Storage
  /** Gives all up once the process has stood still for longer than its locks last. */
  readonly watch: Effect.Effect<void, never, Scope.Scope>
}

const idle: Listener = { gained: Effect.void, lost: () => Effect.void }

/** @internal `lease` is how long a lock lasts, in milliseconds. */
export const make = (lease: number): Effect.Effect<Shards> =>
  Effect.map(Effect.clock, (clock) => {
    const held = new Set<number>()
    let listener = idle
    let sound = clock.unsafeCurrentTimeMillis()

    const gain = (shards: ReadonlyArray<ShardId>): Effect.Effect<void> =>
      Effect.suspend(() => {
        sound = clock.unsafeCurrentTimeMillis()
        const before = held.size
        for (const { id } of shards) held.add(id)
        return held.size > before ? listener.gained : Effect.void
      })

    const lose = (shards: Iterable<number>): Effect.Effect<void> =>
      Effect.suspend(() => {
        const gone = new Set(Array.from(shards).filter((shard) => held.delete(shard)))
        return gone.size === 0 ? Effect.void : listener.lost(gone)
      })

    const loseUnless = (asked: Iterable<ShardId>, kept: ReadonlyArray<ShardId>): Effect.Effect<void> => {
      const still = new Set(kept.map(({ id }) => id))
      return lose(Array.from(asked, ({ id }) => id).filter((id) => !still.has(id)))
    }

    const tooLate = Effect.suspend(() =>
      clock.unsafeCurrentTimeMillis() - sound >= lease ? lose([...held]) : Effect.void
    )

    const over = (inner: Storage): Storage => ({
      ...inner,
      acquire: (address, shards) => Effect.tap(inner.acquire(address, shards), gain),
      refresh: (address, shards) => {
        const asked = Array.from(shards)
        return inner.refresh(address, asked).pipe(
          Effect.tap((kept) => Effect.zipRight(loseUnless(asked, kept), gain(kept))),
          Effect.onError(() => tooLate)
        )
      },
      release: (address, shard) => Effect.zipRight(lose([shard.id]), inner.release(address, shard)),
      releaseAll: (address) => Effect.zipRight(lose([...held]), inner.releaseAll(address))
    })

    const pause = Math.max(50, Math.floor(lease / 10))
    const watch = Effect.suspend(() => {
      let last = clock.unsafeCurrentTimeMillis()
      const look = Effect.suspend(() => {
        const gap = clock.unsafeCurrentTimeMillis() - last
        last += gap
        return gap >= lease ? lose([...held]) : Effect.void
      })
      return Effect.asVoid(
        Effect.forkScoped(Effect.forever(Effect.zipRight(Effect.sleep(Duration.millis(pause)), look)))
      )
    })

    return {
      held,
      listen: (to) => {
        listener = to
      },
      over,
      watch
    }
  })
