import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Journal from "../Journal.js"
import { type Problem, RecordUnreadable, RunDetached } from "../RunError.js"
import { isAtOnce } from "./atOnce.js"
import { type Codec, CodecError, describe, isText, parse, type Text } from "./codec.js"
import { detach, isFenced, type Live } from "./live.js"

/** @internal Detaches the run because journal and flow do not give or take what they should, and ends the fiber. */
export const lost = (live: Live, problem: Problem): Effect.Effect<never> =>
  Effect.suspend(() => {
    if (live.phase === "detached" || live.phase === "ended") return Effect.interrupt
    const logged = problem._tag === "RunDetached" ? Effect.void : Effect.logWarning(problem.message)
    const left = Effect.zipRight(
      Effect.sync(() => detach(live, problem)),
      logged
    )
    return Effect.zipRight(Effect.uninterruptible(left), Effect.interrupt)
  })

/** @internal */
export const journalFailed = (live: Live, error: Journal.JournalError): Effect.Effect<never> =>
  lost(live, journalProblem(live.record.id, error))

/** @internal */
export const journalProblem = (run: string, error: Journal.JournalError): RunDetached =>
  new RunDetached({ run, reason: error.fenced ? "fenced" : "journal", detail: error.message })

/** @internal Appends an entry unless its identity is taken; if the journal fails, the run is detached. */
export const tryAppend = <A, E>(
  live: Live,
  entry: Journal.NewEntry,
  then: (stored: Journal.Entry | undefined) => Effect.Effect<A, E>
): Effect.Effect<A, E> => {
  if (isFenced(live)) return Effect.interrupt
  const appended = live.journal.append(entry)
  if (isAtOnce(appended)) {
    live.engine.atOnce = true
    return then(Option.getOrUndefined(appended.run()))
  }
  const written = Effect.matchEffect(appended, {
    onFailure: (error) => journalFailed(live, error),
    onSuccess: (stored) => then(Option.getOrUndefined(stored))
  })
  return Effect.uninterruptible(written)
}

/** @internal Appends an entry that nobody else may have written, and goes on in the same breath. */
export const append = <A, E = never>(
  live: Live,
  entry: Journal.NewEntry,
  then: (stored: Journal.Entry) => Effect.Effect<A, E>
): Effect.Effect<A, E> =>
  tryAppend(live, entry, (stored) => {
    if (stored) return then(stored)
    const detail = `${entry.kind} ${entry.name} was recorded by someone else`
    return lost(live, new RunDetached({ run: entry.run, reason: "journal", detail }))
  })

/** @internal Changes the record of the run; if the journal fails, the run is detached. */
export const save = <A, B = void>(
  live: Live,
  effect: Effect.Effect<A, Journal.JournalError>,
  then: (saved: A) => Effect.Effect<B>
): Effect.Effect<B> => {
  if (isFenced(live)) return Effect.interrupt
  if (isAtOnce(effect)) return then(effect.run())
  return Effect.matchEffect(effect, { onFailure: (error) => journalFailed(live, error), onSuccess: then })
}

/** @internal Reads a value back; if it does not fit its schema, the run is detached. */
export const read = <A>(live: Live, codec: Codec<A>, entry: Journal.Entry): Effect.Effect<A> =>
  Effect.catchAll(codec.fromText(entry.value), ({ reason }) =>
    lost(live, new RecordUnreadable({ run: live.record.id, record: `${entry.kind} ${entry.name}`, reason }))
  )

/** @internal A thrown value, as the journal holds it. */
export const writeDefect = (thrown: unknown): string => JSON.stringify(describe(thrown))

const unwritable = (name: string, error: CodecError) =>
  new CodecError({ reason: `the result of step "${name}" does not fit its schema: ${error.reason}` })

/** @internal Encodes what a step returned. What its schema refuses becomes a defect. */
export const writeSuccess = <V, A, E, R>(
  name: string,
  codec: Codec<V>,
  value: V,
  then: (text: Text) => Effect.Effect<A, E, R>,
  defect: (thrown: unknown) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => {
  const text = codec.write(value)
  if (isText(text)) return then(text)
  return Effect.matchEffect(text, { onFailure: (problem) => defect(unwritable(name, problem)), onSuccess: then })
}

/** @internal Encodes how a step failed. */
export const writeFailure = <A, E, R>(
  name: string,
  codec: Codec<E>,
  cause: Cause.Cause<E>,
  then: (text: Text) => Effect.Effect<A, E, R>,
  defect: (thrown: unknown) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => {
  const failure = Cause.failureOption(cause)
  if (Option.isSome(failure)) return writeSuccess(name, codec, failure.value, then, defect)
  return defect(Option.getOrElse(Cause.dieOption(cause), () => "interrupted"))
}

const thrownAgain = (value: unknown): Error => {
  const { message, name } = describe(value)
  const error = new Error(message)
  error.name = typeof value === "object" && value !== null && "name" in value ? String(value.name) : name
  return error
}

/** @internal Ends as the entry says the step ended. */
export const replayed = <A, E>(
  live: Live,
  success: Codec<A>,
  error: Codec<E>,
  entry: Journal.Entry
): Effect.Effect<A, E> => {
  if (entry.exit === "success") return read(live, success, entry)
  if (entry.exit === "failure") return Effect.flatMap(read(live, error, entry), Effect.fail)
  return Effect.flatMap(Effect.orDie(parse(entry.value)), (value) => Effect.die(thrownAgain(value)))
}
