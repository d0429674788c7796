import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import type * as Schema from "effect/Schema"
import type { Fault } from "../MemStoreError.js"
import type { Rule } from "../Rule.js"
import type { WireChoices } from "../WireChoices.js"
import { formatIssue } from "./issues.js"

const isRecord = (input: unknown): input is Readonly<Record<string, unknown>> =>
  typeof input === "object" && input !== null

/** Every fault of an input at once: those of its schema and those of the rules over several fields. */
export const compileValidator = <A, I>(
  schema: Schema.Schema<A, I>,
  rules: ReadonlyArray<Rule>
): ((input: unknown, choices: WireChoices) => ReadonlyArray<Fault>) => {
  const validate = ParseResult.validateEither(schema, { errors: "all", onExcessProperty: "error" })
  return (input, choices) => {
    const checked = validate(input)
    const faults = Either.isLeft(checked) ? [...formatIssue(checked.left)] : []
    if (isRecord(input)) for (const rule of rules) faults.push(...rule(input, choices))
    return faults
  }
}
