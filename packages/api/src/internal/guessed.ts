import * as Either from "effect/Either"
import * as Schema from "effect/Schema"

/** A field nobody documented: read when it has the expected type, `undefined` otherwise. */
export const guessed = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.optional(
    Schema.UndefinedOr(schema).annotations({
      decodingFallback: () => Either.right(undefined),
      description: "A guess: not seen in the vendor's documentation."
    })
  )
