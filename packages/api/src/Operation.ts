/**
 * One call of the API as data: what `MemStoreClient` needs to make it.
 *
 * @since 0.1.0
 */
import type * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import type * as HttpMethod from "@effect/platform/HttpMethod"
import * as Either from "effect/Either"
import type * as Redacted from "effect/Redacted"
import type * as Schema from "effect/Schema"
import { compileDecoder } from "./internal/decode.js"
import { compilePath } from "./internal/path.js"
import { compileValidator } from "./internal/validate.js"
import { type AnswerFields, InvalidInput } from "./MemStoreError.js"
import type { Rule } from "./Rule.js"
import type { WireChoices } from "./WireChoices.js"

/**
 * What goes out: path parameters, query, JSON body, what a span may show, and what no error may show.
 *
 * @since 0.1.0
 * @category models
 */
export interface Encoded {
  readonly path: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly body?: unknown
  readonly attributes: Readonly<Record<string, string>>
  readonly secrets?: ReadonlyArray<Redacted.Redacted<string>>
}

/**
 * A call, ready to be made: `Request` in, `A` or an error `E` of a documented status out.
 *
 * @since 0.1.0
 * @category models
 */
export interface Operation<in Request, out A, out E> {
  readonly name: string
  readonly method: HttpMethod.HttpMethod
  readonly isWrite: boolean
  readonly validate: (request: unknown, choices: WireChoices) => Either.Either<void, InvalidInput>
  readonly encode: (request: Request, choices: WireChoices) => Encoded
  readonly path: (parameters: Readonly<Record<string, string>>) => string
  readonly decode: (body: unknown) => Either.Either<A, ReadonlyArray<string>>
  readonly errorOf: (status: number) => (new (fields: AnswerFields) => E) | undefined
}

type ErrorClasses = Readonly<Record<number, new (fields: AnswerFields) => unknown>>

type ErrorIn<Errors extends ErrorClasses> = {
  [Status in keyof Errors]: Errors[Status] extends new (fields: AnswerFields) => infer E ? E : never
}[keyof Errors]

/**
 * Compiles a call once: its path template and method come from the endpoint of the wire contract.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <Request, RequestEncoded, A, I, const Errors extends ErrorClasses>(options: {
  readonly name: string
  readonly endpoint: HttpApiEndpoint.HttpApiEndpoint.Any
  readonly request: Schema.Schema<Request, RequestEncoded>
  readonly response: Schema.Schema<A, I>
  readonly errors: Errors
  readonly rules?: ReadonlyArray<Rule>
  readonly encode: (request: Request, choices: WireChoices) => Encoded
}): Operation<Request, A, ErrorIn<Errors>> => {
  // `Any` hides the fields of an endpoint that every endpoint has.
  const { method, path } = options.endpoint as HttpApiEndpoint.HttpApiEndpoint.AnyWithProps
  // Indexing by any number loses which class stands at which status; all of them are in the union.
  const errors = options.errors as Readonly<Record<number, (new (fields: AnswerFields) => ErrorIn<Errors>) | undefined>>
  const faultsOf = compileValidator(options.request, options.rules ?? [])
  return {
    name: options.name,
    method,
    isWrite: method !== "GET",
    validate: (request, choices) => {
      const [first, ...rest] = faultsOf(request, choices)
      return first === undefined
        ? Either.void
        : Either.left(new InvalidInput({ operation: options.name, faults: [first, ...rest] }))
    },
    encode: options.encode,
    path: compilePath(path),
    decode: compileDecoder(options.response),
    errorOf: (status) => errors[status]
  }
}
