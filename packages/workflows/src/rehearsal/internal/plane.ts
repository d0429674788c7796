import type { MemStoreClient } from "@memstore-flows/api/MemStoreClient"
import {
  type CallError,
  DecodeError,
  Throttled,
  TransportError,
  UnexpectedStatus
} from "@memstore-flows/api/MemStoreError"
import type { Encoded, Operation } from "@memstore-flows/api/Operation"
import { defaultWireChoices, type WireChoices } from "@memstore-flows/api/WireChoices"
import * as Apply from "@memstore-flows/model/Apply"
import type { Write } from "@memstore-flows/model/Command"
import type { Refusal } from "@memstore-flows/model/Refusal"
import type { State } from "@memstore-flows/model/State"
import * as Tick from "@memstore-flows/model/Tick"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { commandOf, readOf } from "./answers.js"

/** A call as it would go out; `body` has no secret. */
export interface Call {
  readonly at: number
  readonly operation: string
  readonly isWrite: boolean
  readonly method: string
  readonly path: string
  readonly clusterId: string | undefined
  readonly query: Readonly<Record<string, string>>
  readonly body: unknown
}

/** What befalls a call: answered by some proxy, before or after the service had it; lost on the way there or back. */
export type Strike =
  | { readonly _tag: "None" }
  | { readonly _tag: "Status"; readonly status: number }
  | { readonly _tag: "StatusAfter"; readonly status: number }
  | { readonly _tag: "RequestLost" }
  | { readonly _tag: "AnswerLost" }

/** What the service answers to a call; `status` is 200 when it was accepted. */
export interface Answer {
  readonly status: number
  readonly message: string
  /** The cluster or backup a write was about. */
  readonly objectId: string | undefined
}

/**
 * - `unavailable`: calls that are answered with a status, whatever they ask; 200 stands for an answer nobody can read
 * - `shown`: changes what a read shows
 * - `allow`: changes the state before a write is judged
 * - `strike`: what befalls a call
 * - `before`: runs before a call, `answered` after one that reached the service; nothing does where it gives none
 */
export interface Options {
  readonly state: State
  readonly now: () => number
  readonly wire?: Partial<WireChoices>
  readonly unavailable?: ReadonlyMap<string, number>
  readonly shown?: (operation: string, body: unknown) => unknown
  readonly allow?: (state: State, write: Write) => State
  readonly strike?: (call: Call) => Strike
  readonly before?: (call: Call) => Effect.Effect<void> | undefined
  readonly answered?: (call: Call, answer: Answer) => Effect.Effect<void> | undefined
}

/** A MemStore in memory, on the rules of the model. */
export interface Plane {
  readonly client: Context.Tag.Service<MemStoreClient>
  readonly state: () => State
  /** Puts another state in the place of this one. */
  readonly become: (change: (state: State, now: number) => State) => void
}

const blank = "<redacted>"

/** The same value without secrets: those known, and whatever stands under a name such as `password`. */
const withoutSecrets = (value: unknown, secrets: ReadonlyArray<string>): unknown => {
  if (typeof value === "string") return secrets.includes(value) ? blank : value
  if (Array.isArray(value)) return value.map((each) => withoutSecrets(each, secrets))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, each]) => {
      if (each === undefined) return []
      return [[key, key === "password" ? blank : withoutSecrets(each, secrets)]]
    })
  )
}

const none: Strike = { _tag: "None" }

/** What comes after an effect, where there is one. */
const after = <A, E>(effect: Effect.Effect<void> | undefined, then: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  effect === undefined ? then : Effect.zipRight(effect, then)

const noQuery: Readonly<Record<string, string>> = {}

const queryOf = ({ query }: Encoded): Readonly<Record<string, string>> =>
  query === undefined
    ? noQuery
    : Object.fromEntries(Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])))

/** @internal Makes a plane. */
export const make = (options: Options): Plane => {
  let state = options.state
  const choices: WireChoices = { ...defaultWireChoices, ...options.wire }
  const { answered = () => undefined, before = () => undefined, strike = () => none } = options

  const moved = (): State => {
    state = Tick.tick(state, options.now())
    return state
  }

  const failed = <Request, A, E>(
    operation: Operation<Request, A, E>,
    status: number,
    message: string
  ): E | CallError => {
    const body = JSON.stringify({ message })
    const fields = { operation: operation.name, status, attempt: 1, message, body }
    if (status < 300) return new DecodeError({ ...fields, issues: ["this call is not there"] })
    if (status === 429) return new Throttled(fields)
    const Documented = operation.errorOf(status)
    return Documented === undefined ? new UnexpectedStatus(fields) : new Documented(fields)
  }

  const lost = (operation: string): CallError =>
    new TransportError({ operation, attempt: 1, message: "connection reset", sent: true })

  const write = (command: Write): Either.Either<unknown, Refusal> => {
    const current = options.allow?.(moved(), command) ?? moved()
    return Either.map(Apply.apply(current, command, options.now()), (applied) => {
      state = applied.state
      return { objectId: applied.objectId }
    })
  }

  const perform = (operation: string, encoded: Encoded): Either.Either<unknown, Refusal> | undefined => {
    const command = commandOf(operation, encoded)
    if (command !== undefined) return write(command)
    const read = readOf(moved(), operation, encoded, options.now())
    if (read === undefined || options.shown === undefined) return read
    const { shown } = options
    return Either.map(read, (body) => shown(operation, body))
  }

  const objectIdOf = (body: unknown): string | undefined =>
    typeof body === "object" && body !== null && "objectId" in body ? String(body.objectId) : undefined

  const settle = <Request, A, E>(
    operation: Operation<Request, A, E>,
    call: Call,
    encoded: Encoded
  ): Effect.Effect<A, E | CallError> => {
    const unavailable = options.unavailable?.get(operation.name)
    if (unavailable !== undefined) return Effect.fail(failed(operation, unavailable, "this call is not there"))
    const found = perform(operation.name, encoded)
    if (found === undefined) return Effect.fail(failed(operation, 404, `no answer is known to ${operation.name}`))
    if (Either.isLeft(found)) {
      const { message, status } = found.left
      const told = answered(call, { status, message, objectId: undefined })
      return after(told, Effect.fail(failed(operation, status, message)))
    }
    const told = answered(call, { status: 200, message: "", objectId: objectIdOf(found.right) })
    // The model answers in the types of the API; only what is shown in its place has to be read.
    if (options.shown === undefined) return after(told, Effect.succeed(found.right as A))
    const decoded = operation.decode(found.right)
    if (Either.isRight(decoded)) return after(told, Effect.succeed(decoded.right))
    return after(told, Effect.fail(failed(operation, 200, decoded.left.join("; "))))
  }

  const struck = <Request, A, E>(
    operation: Operation<Request, A, E>,
    call: Call,
    encoded: Encoded,
    strike: Strike
  ): Effect.Effect<A, E | CallError> => {
    switch (strike._tag) {
      case "None":
        return settle(operation, call, encoded)
      case "Status":
        return Effect.fail(failed(operation, strike.status, "no"))
      case "StatusAfter":
        return Effect.zipRight(
          Effect.exit(settle(operation, call, encoded)),
          Effect.fail(failed(operation, strike.status, "no"))
        )
      case "RequestLost":
        return Effect.fail(lost(operation.name))
      case "AnswerLost":
        return Effect.zipRight(Effect.exit(settle(operation, call, encoded)), Effect.fail(lost(operation.name)))
    }
  }

  const call =
    <Request, A, E>(operation: Operation<Request, A, E>) =>
    (request: Request): Effect.Effect<A, E | CallError> =>
      Effect.suspend(() => {
        const checked = operation.validate(request, choices)
        if (Either.isLeft(checked)) return Effect.fail(checked.left)
        const laidOpen = operation.encode(request, choices)
        const body = withoutSecrets(laidOpen.body, (laidOpen.secrets ?? []).map(Redacted.value))
        const encoded: Encoded = { ...laidOpen, body, secrets: [] }
        const sent: Call = {
          at: options.now(),
          operation: operation.name,
          isWrite: operation.isWrite,
          method: operation.method,
          path: operation.path(encoded.path),
          clusterId: encoded.path["clusterId"] ?? encoded.attributes["memstore.cluster.id"],
          query: queryOf(encoded),
          body
        }
        const prior = before(sent)
        const then = () => struck(operation, sent, encoded, strike(sent))
        return prior === undefined ? then() : Effect.flatMap(prior, then)
      })

  return {
    client: { call },
    state: moved,
    become: (change) => {
      state = change(moved(), options.now())
    }
  }
}
