import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import * as Stream from "effect/Stream"

/** What a failed effect is rejected with: the error itself, never a wrapper of it. */
const thrown = <E>(cause: Cause.Cause<E>, signal: AbortSignal | undefined): unknown => {
  if (signal?.aborted && Cause.isInterruptedOnly(cause)) return signal.reason
  return Option.getOrElse(Cause.failureOption(cause), () => Cause.squash(cause))
}

/** @internal Runs an effect as a Promise that is rejected with the effect's own error, or the reason of the signal. */
export const promise = async <A, E, R>(
  runtime: Runtime.Runtime<R>,
  effect: Effect.Effect<A, E, R>,
  signal?: AbortSignal
): Promise<A> => {
  signal?.throwIfAborted()
  const exit = await Runtime.runPromiseExit(runtime)(effect, signal === undefined ? {} : { signal })
  if (Exit.isSuccess(exit)) return exit.value
  throw thrown(exit.cause, signal)
}

const aborted = (signal: AbortSignal) =>
  Effect.async<never, unknown>((resume) => {
    const stop = () => resume(Effect.fail(signal.reason))
    signal.addEventListener("abort", stop, { once: true })
    return Effect.sync(() => signal.removeEventListener("abort", stop))
  })

/** @internal A stream as an async generator, which stops it when it is left. */
export async function* iterate<A, E, R>(
  runtime: Runtime.Runtime<R>,
  stream: Stream.Stream<A, E, R>,
  signal?: AbortSignal
): AsyncGenerator<A, void, undefined> {
  signal?.throwIfAborted()
  const all = signal === undefined ? stream : Stream.interruptWhen(stream, aborted(signal))
  yield* Stream.toAsyncIterableRuntime(all, runtime)
}
