import { readFileSync } from "node:fs"
import * as Option from "effect/Option"
import type * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import { CallError } from "../../src/FlowError.js"

/** The page of a flow, as a reader finds it. */
export const pageOf = (flow: string): string =>
  readFileSync(new URL(`../../../../docs/flows/${flow}.md`, import.meta.url), "utf8")

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

/** A name in the table of steps: words in capitals stand for what differs, three dots for all steps of that scope. */
const patternOf = (name: string): RegExp =>
  new RegExp(
    `^${escaped(name)
      .replace(/\\\.\\\.\\\.$/, ".+")
      .replace(/\b(?:ID|N|NAME)\b/g, "[^/]+")
      .replace(/\bSTEP\b/g, ".+")}$`
  )

const section = (page: string, title: string): string =>
  page.slice(page.indexOf(`## ${title}\n`)).split("\n## ")[0] ?? ""

/** Steps that the table of a page does not name. */
export const untold = (page: string, steps: ReadonlyArray<string>): ReadonlyArray<string> => {
  const patterns = section(page, "Steps")
    .split("\n")
    .flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, name = ""]) => patternOf(name)))
  return steps.filter((step) => !patterns.some((pattern) => pattern.test(step)))
}

const tagsOf = (ast: SchemaAST.AST): ReadonlyArray<string> => {
  if (SchemaAST.isUnion(ast)) return ast.types.flatMap(tagsOf)
  const name = Option.getOrUndefined(SchemaAST.getIdentifierAnnotation(SchemaAST.isTransformation(ast) ? ast.to : ast))
  return name === undefined ? [] : [name.slice(name.lastIndexOf("/") + 1)]
}

/** The fields of a struct. */
export const fieldsOf = ({ ast }: Schema.Schema.All): ReadonlyArray<string> =>
  SchemaAST.getPropertySignatures(ast).map(({ name }) => String(name))

const called = new Set(tagsOf(CallError.ast))

/** Errors of a flow that a page does not name; "the errors of the calls" stands for theirs. */
export const unnamed = (page: string, error: Schema.Schema.All): ReadonlyArray<string> => {
  const errors = section(page, "Errors")
  return [
    ...tagsOf(error.ast).filter((tag) => !called.has(tag) && !errors.includes(`\`${tag}\``)),
    ...(tagsOf(error.ast).some((tag) => called.has(tag)) && !/errors\s+of\s+the\s+calls/.test(errors)
      ? ["of the calls"]
      : [])
  ]
}
