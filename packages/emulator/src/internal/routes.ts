import * as HttpApi from "@effect/platform/HttpApi"
import type * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import { FindMyWay } from "@effect/platform/HttpLayerRouter"
import type * as HttpMethod from "@effect/platform/HttpMethod"
import * as Schema from "effect/Schema"
import { EmulatorApi } from "../EmulatorApi.js"
import { OperationName } from "../Faults.js"

/** A route of the contract. `operation`: its name in faults and counts; `undefined` for the emulator's own. */
export interface Route {
  readonly endpoint: HttpApiEndpoint.HttpApiEndpoint.AnyWithProps
  readonly operation: OperationName | undefined
}

export type Matched =
  | { readonly _tag: "Found"; readonly route: Route; readonly params: Readonly<Record<string, string | undefined>> }
  | { readonly _tag: "WrongMethod"; readonly allowed: ReadonlyArray<string> }
  | { readonly _tag: "Unknown" }

const isOperation = Schema.is(OperationName)

const operationOf = (name: string): OperationName | undefined => {
  const capital = `${name.charAt(0).toUpperCase()}${name.slice(1)}`
  return isOperation(capital) ? capital : undefined
}

const collect = (): ReadonlyArray<Route> => {
  const routes: Array<Route> = []
  HttpApi.reflect(EmulatorApi, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, group }) => {
      routes.push({
        // reflect hides the schemas in its type; they are there
        endpoint: endpoint as unknown as HttpApiEndpoint.HttpApiEndpoint.AnyWithProps,
        operation: group.identifier === "emulator" ? undefined : operationOf(endpoint.name)
      })
    }
  })
  return routes
}

/** Every route of the contract, in its order. */
export const routes: ReadonlyArray<Route> = collect()

const methods: ReadonlyArray<HttpMethod.HttpMethod> = ["GET", "POST", "PUT", "PATCH", "DELETE"]

const finder = FindMyWay.make<Route>()
for (const route of routes) finder.on(route.endpoint.method, route.endpoint.path, route)

const find = (method: HttpMethod.HttpMethod, path: string) => {
  try {
    return finder.find(method, path)
  } catch {
    return undefined
  }
}

/** Which route answers a path (without its query). */
export const match = (method: HttpMethod.HttpMethod, path: string): Matched => {
  const found = find(method, path)
  if (found !== undefined) return { _tag: "Found", route: found.handler, params: found.params }
  const allowed = methods.filter((each) => find(each, path) !== undefined)
  return allowed.length === 0 ? { _tag: "Unknown" } : { _tag: "WrongMethod", allowed }
}
