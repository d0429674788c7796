import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type { Defect } from "../Outcome.js"
import { refuseSecrets } from "./secrets.js"

/** @internal A schema that needs no services. */
export type PureSchema = Schema.Schema.All & { readonly Context: never }

/** @internal A value that cannot be written as JSON, or a text that does not fit its schema. */
export class CodecError extends Schema.TaggedError<CodecError>("@memstore-flows/engine/CodecError")("CodecError", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

/** @internal */
export interface Codec<A> {
  readonly toJson: (value: A) => Effect.Effect<unknown, CodecError>
  readonly fromJson: (json: unknown) => Effect.Effect<A, CodecError>
  readonly toText: (value: A) => Effect.Effect<string | null, CodecError>
  readonly fromText: (text: string | null) => Effect.Effect<A, CodecError>
}

/** @internal Whether what an effect succeeds with can be had without a fiber. */
export const isAtHand = <A, E>(effect: Effect.Effect<A, E>): effect is Effect.Effect<A, E> & { readonly right: A } =>
  Either.isEither(effect) && Either.isRight(effect)

const refused = (error: ParseResult.ParseIssue) =>
  new CodecError({ reason: ParseResult.TreeFormatter.formatIssueSync(error) })

const notJson = (error: unknown) => new CodecError({ reason: `not JSON: ${describe(error).message}` })

/** @internal */
export const stringify = (json: unknown): Effect.Effect<string | null, CodecError> => {
  try {
    const text: string | undefined = JSON.stringify(json)
    return Either.right(text ?? null)
  } catch (error) {
    return Either.left(notJson(error))
  }
}

/** @internal */
export const parse = (text: string | null): Effect.Effect<unknown, CodecError> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(text === null ? undefined : JSON.parse(text))
    } catch (error) {
      return Effect.fail(notJson(error))
    }
  })

const compile = <A>(schema: Schema.Schema<A, unknown>): Codec<A> => {
  const encode = ParseResult.encodeUnknown(schema)
  const decode = ParseResult.decodeUnknown(schema)
  const toJson = (value: A) => Effect.mapError(encode(value), refused)
  const fromJson = (json: unknown) => Effect.mapError(decode(json), refused)
  return {
    toJson,
    fromJson,
    toText: (value) => {
      const json = encode(value)
      // What a schema encodes without waiting is at hand; going through the fiber for it would double the cost of a step.
      if (Either.isEither(json) && Either.isRight(json)) return stringify(json.right)
      return Effect.flatMap(Effect.mapError(json, refused), stringify)
    },
    fromText: (text) => Effect.flatMap(parse(text), fromJson)
  }
}

const unit: Codec<void> = {
  toJson: () => Effect.void,
  fromJson: () => Effect.void,
  toText: () => Effect.succeed(null),
  fromText: () => Effect.void
}

const compiled = new WeakMap<object, unknown>()

/** @internal The codec of a schema, compiled once. Throws when the schema holds a secret. */
export const codecOf = <S extends PureSchema>(schema: S): Codec<S["Type"]> => {
  const known = compiled.get(schema)
  // The map holds under each schema the codec compiled from it, so the type of the one gives the type of the other.
  if (known) return known as Codec<S["Type"]>
  if (schema.ast._tag === "VoidKeyword") return unit
  refuseSecrets(schema.ast)
  // `PureSchema` is `Schema<A, I>` written so that `never` fits; `asSchema` cannot see that.
  const codec = compile(schema as unknown as Schema.Schema<S["Type"], unknown>)
  compiled.set(schema, codec)
  return codec
}

/** @internal The codec of a schema, or of the default its type parameter has when it is not given. */
export const codecOr = <S extends PureSchema>(schema: S | undefined, otherwise: PureSchema): Codec<S["Type"]> =>
  // An absent schema leaves `S` at its default, which is the type of `otherwise`.
  schema ? codecOf(schema) : (codecOf(otherwise) as Codec<unknown> as Codec<S["Type"]>)

const nameOf = (value: object): string => {
  if ("_tag" in value && typeof value._tag === "string") return value._tag
  if (value instanceof Error) return value.name
  return "Error"
}

/** @internal An error or a thrown value as a name and a message. */
export const describe = (value: unknown): Defect => {
  if (typeof value !== "object" || value === null) return { name: "Error", message: String(value) }
  const message = "message" in value && typeof value.message === "string" ? value.message : ""
  return { name: nameOf(value), message }
}
