import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type { Defect } from "../Outcome.js"
import { andThen, isEither } from "./atOnce.js"
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
  readonly toText: (value: A) => Effect.Effect<Text, CodecError>
  readonly fromText: (text: Text) => Effect.Effect<A, CodecError>
  /** The text itself where it is at hand: going through a fiber for it would double the cost of a step. */
  readonly write: (value: A) => Text | Effect.Effect<Text, CodecError>
}

/** @internal A JSON text; `null` stands for `undefined`. */
export type Text = string | null

/** @internal */
export const isText = <E>(text: Text | Effect.Effect<Text, E>): text is Text =>
  text === null || typeof text === "string"

const asEffect = <E>(text: Text | Effect.Effect<Text, E>): Effect.Effect<Text, E> =>
  isText(text) ? Either.right(text) : text

const refused = (error: ParseResult.ParseIssue) =>
  new CodecError({ reason: ParseResult.TreeFormatter.formatIssueSync(error) })

const notJson = (error: unknown) => new CodecError({ reason: `not JSON: ${describe(error).message}` })

/** @internal */
export const stringify = (json: unknown): Text | Effect.Effect<Text, CodecError> => {
  try {
    const text: string | undefined = JSON.stringify(json)
    return text ?? null
  } catch (error) {
    return Either.left(notJson(error))
  }
}

/** @internal */
export const parse = (text: Text): Exit.Exit<unknown, CodecError> => {
  try {
    return Exit.succeed(text === null ? undefined : JSON.parse(text))
  } catch (error) {
    return Exit.fail(notJson(error))
  }
}

/** What a parser gives; where it is at hand, without the fiber it would take to run it. */
const atHand = <A>(parsed: Effect.Effect<A, ParseResult.ParseIssue>): Effect.Effect<A, CodecError> => {
  if (!isEither(parsed)) return Effect.mapError(parsed, refused)
  return Either.isRight(parsed) ? Exit.succeed(parsed.right) : Exit.fail(refused(parsed.left))
}

const compile = <A>(schema: Schema.Schema<A, unknown>): Codec<A> => {
  const encode = ParseResult.encodeUnknown(schema)
  // Looking for every fault takes a third more time, so it is done where there is one.
  const encodeToEnd = ParseResult.encodeUnknown(schema, { errors: "all" })
  const decode = ParseResult.decodeUnknown(schema)
  const toJson = (value: A) => {
    const json = encode(value)
    return atHand(isEither(json) && Either.isLeft(json) ? encodeToEnd(value) : json)
  }
  const fromJson = (json: unknown) => atHand(decode(json))
  const write = (value: A) => {
    const json = toJson(value)
    if (Exit.isExit(json) && Exit.isSuccess(json)) return stringify(json.value)
    return Effect.flatMap(json, (encoded) => asEffect(stringify(encoded)))
  }
  return {
    toJson,
    fromJson,
    write,
    toText: (value) => asEffect(write(value)),
    fromText: (text) => andThen(parse(text), fromJson)
  }
}

const unit: Codec<void> = {
  toJson: () => Effect.void,
  fromJson: () => Effect.void,
  write: () => null,
  toText: () => Effect.succeed(null),
  fromText: () => Effect.void
}

/** The codec of what is its own JSON, and needs no parser. */
const plain = <A>(schema: Schema.Schema<A>, fits: (value: A) => boolean): Codec<A> => {
  // What it encodes to is of no concern to a codec.
  const codec = compile(schema as unknown as Schema.Schema<A, unknown>)
  const wrong = (value: A): Effect.Effect<never, CodecError> =>
    Effect.zipRight(codec.toJson(value), new CodecError({ reason: `not JSON: ${value}` }))
  const write = (value: A) => (fits(value) ? JSON.stringify(value) : wrong(value))
  return {
    write,
    toText: (value) => asEffect(write(value)),
    fromText: codec.fromText,
    toJson: (value) => (fits(value) ? Exit.succeed(value) : wrong(value)),
    fromJson: codec.fromJson
  }
}

const plainly = new Map<object, unknown>([
  [Schema.Void.ast, unit],
  [Schema.String.ast, plain(Schema.String, (value) => typeof value === "string")],
  [Schema.Number.ast, plain(Schema.Number, Number.isFinite)],
  [Schema.Boolean.ast, plain(Schema.Boolean, (value) => typeof value === "boolean")]
])

const compiled = new WeakMap<object, unknown>()

/** @internal The codec of a schema, compiled once. Throws when the schema holds a secret. */
export const codecOf = <S extends PureSchema>(schema: S): Codec<S["Type"]> => {
  const known = compiled.get(schema) ?? plainly.get(schema.ast)
  // The map holds under each schema the codec compiled from it, so the type of the one gives the type of the other.
  if (known) return known as Codec<S["Type"]>
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
