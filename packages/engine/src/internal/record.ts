import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Journal from "../Journal.js"
import { RecordUnreadable, RunDetached } from "../RunError.js"
import { type Codec, CodecError, describe, isAtHand, parse, stringify } from "./codec.js"
import { detach, isFenced, type Live } from "./live.js"

/** @internal The name itself for a step, which is the key looked up most. */
export const keyOf = (kind: Journal.Kind, name: string): string => (kind === "step" ? name : `\0${kind}/${name}`)

/** @internal Detaches the run because the journal does not take or give what it should, and ends the fiber. */
export const lost = (live: Live, problem: RunDetached | RecordUnreadable): Effect.Effect<never> =>
  Effect.suspend(() => {
    detach(live, problem)
    return Effect.interrupt
  })

/** @internal */
export const journalFailed = (live: Live, error: Journal.JournalError): Effect.Effect<never> =>
  lost(live, journalProblem(live.record.id, error))

/** @internal */
export const journalProblem = (run: string, error: Journal.JournalError): RunDetached =>
  new RunDetached({ run, reason: error.fenced ? "fenced" : "journal", detail: error.message })

/** @internal Appends an entry unless its identity is taken; if the journal fails, the run is detached. */
export const tryAppend = (live: Live, entry: Journal.NewEntry): Effect.Effect<Option.Option<Journal.Entry>> =>
  Effect.map(
    isFenced(live)
      ? Effect.interrupt
      : Effect.catchAll(live.journal.append(entry), (error) => journalFailed(live, error)),
    (stored) => {
      if (Option.isSome(stored)) live.entries.set(keyOf(entry.kind, entry.name), stored.value)
      return stored
    }
  )

/** @internal Appends an entry that nobody else may have written, and goes on in the same breath. */
export const append = <A, E = never>(
  live: Live,
  entry: Journal.NewEntry,
  then: (stored: Journal.Entry) => Effect.Effect<A, E>
): Effect.Effect<A, E> => {
  if (isFenced(live)) return Effect.interrupt
  return Effect.matchEffect(live.journal.append(entry), {
    onFailure: (error) => journalFailed(live, error),
    onSuccess: (stored) => {
      if (Option.isNone(stored)) {
        const detail = `${entry.kind} ${entry.name} was recorded by someone else`
        return lost(live, new RunDetached({ run: entry.run, reason: "journal", detail }))
      }
      live.entries.set(keyOf(entry.kind, entry.name), stored.value)
      return then(stored.value)
    }
  })
}

/** @internal Reads a value back; if it does not fit its schema, the run is detached. */
export const read = <A>(live: Live, codec: Codec<A>, entry: Journal.Entry): Effect.Effect<A> =>
  Effect.catchAll(codec.fromText(entry.value), ({ reason }) =>
    lost(live, new RecordUnreadable({ run: live.record.id, record: `${entry.kind} ${entry.name}`, reason }))
  )

/** @internal An exit, with what stands for it in the journal. */
export interface Written<A, E> {
  readonly kind: Journal.Entry["exit"]
  readonly value: string | null
  readonly exit: Exit.Exit<A, E>
}

const writeDefect = (thrown: unknown): Effect.Effect<Written<never, never>> =>
  Effect.map(Effect.orDie(stringify(describe(thrown))), (value) => ({ kind: "defect", value, exit: Exit.die(thrown) }))

const unwritable = (name: string, error: CodecError) =>
  new CodecError({ reason: `the result of step "${name}" does not fit its schema: ${error.reason}` })

const encoded = <A, E>(
  name: string,
  kind: "success" | "failure",
  exit: Exit.Exit<A, E>,
  text: Effect.Effect<string | null, CodecError>
): Effect.Effect<Written<A, E>> => {
  if (isAtHand(text)) return Either.right<Written<A, E>>({ kind, value: text.right, exit })
  return Effect.catchAll(
    Effect.map(text, (value): Written<A, E> => ({ kind, value, exit })),
    (problem) => writeDefect(unwritable(name, problem))
  )
}

/** @internal Encodes how a step ended. What its schemas refuse becomes a defect. */
export const write = <A, E>(
  name: string,
  success: Codec<A>,
  error: Codec<E>,
  exit: Exit.Exit<A, E>
): Effect.Effect<Written<A, E>> => {
  if (Exit.isSuccess(exit)) return encoded(name, "success", exit, success.toText(exit.value))
  const failure = Cause.failureOption(exit.cause)
  if (Option.isSome(failure)) return encoded(name, "failure", exit, error.toText(failure.value))
  return writeDefect(Option.getOrElse(Cause.dieOption(exit.cause), () => "interrupted"))
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
