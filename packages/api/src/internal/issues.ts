import * as ParseResult from "effect/ParseResult"
import type { Fault } from "../MemStoreError.js"

const formatPath = (path: ReadonlyArray<PropertyKey>): string =>
  path.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`),
    ""
  )

const withoutValue = (issue: ParseResult.ArrayFormatterIssue): string =>
  issue._tag === "Unexpected" ? "is not a field of this request" : issue.message.replace(/, actual [\s\S]*$/, "")

/** Names where and what, and never the value: it may be a secret. */
export const formatIssue = (issue: ParseResult.ParseIssue): ReadonlyArray<Fault> =>
  ParseResult.ArrayFormatter.formatIssueSync(issue).map((each) => ({
    path: formatPath(each.path),
    message: withoutValue(each)
  }))
