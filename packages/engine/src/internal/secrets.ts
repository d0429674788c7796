import * as AST from "effect/SchemaAST"

const isRedacted = (ast: AST.AST): boolean => {
  const made = ast.annotations[AST.TypeConstructorAnnotationId]
  return typeof made === "object" && made !== null && "_tag" in made && made._tag === "effect/Redacted"
}

const children = (ast: AST.AST): ReadonlyArray<AST.AST> => {
  switch (ast._tag) {
    case "Declaration":
      return ast.typeParameters
    case "TupleType":
      return [...ast.elements, ...ast.rest].map((element) => element.type)
    case "TypeLiteral":
      return [
        ...ast.propertySignatures.map((property) => property.type),
        ...ast.indexSignatures.map((signature) => signature.type)
      ]
    case "Union":
      return ast.types
    case "Suspend":
      return [ast.f()]
    case "Refinement":
      return [ast.from]
    case "Transformation":
      return [ast.from, ast.to]
    default:
      return []
  }
}

const holdsSecret = (ast: AST.AST, seen: Set<AST.AST>): boolean => {
  if (seen.has(ast)) return false
  seen.add(ast)
  return isRedacted(ast) || children(ast).some((child) => holdsSecret(child, seen))
}

/** @internal Throws when a schema holds `Schema.Redacted`, which encodes to the raw secret. */
export const refuseSecrets = (ast: AST.AST): void => {
  if (holdsSecret(ast, new Set())) {
    throw new TypeError("a schema that holds Schema.Redacted would write the raw secret to the journal")
  }
}
