import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import type * as Schema from "effect/Schema"
import { formatIssue } from "./issues.js"

/** Reads an answer; what is wrong with it comes as texts that do not repeat its values. */
export const compileDecoder = <A, I>(
  schema: Schema.Schema<A, I>
): ((body: unknown) => Either.Either<A, ReadonlyArray<string>>) => {
  const decode = ParseResult.decodeUnknownEither(schema, { errors: "all" })
  return (body) =>
    Either.mapLeft(decode(body), (issue) =>
      formatIssue(issue).map(({ message, path }) => (path === "" ? message : `${path}: ${message}`))
    )
}
