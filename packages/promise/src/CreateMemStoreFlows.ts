/**
 * How MemStore flows are made ready.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Runtime from "effect/Runtime"
import * as Scope from "effect/Scope"
import { type Catalog, type Library, library } from "./Catalog.js"
import { promise } from "./internal/bridge.js"
import { layersOf } from "./internal/layers.js"
import { make } from "./internal/make.js"
import type { MemStoreFlows } from "./MemStoreFlows.js"
import type { Options } from "./Options.js"

const joined = (own: Catalog): Catalog => {
  const all: Catalog = { ...library, ...own }
  for (const [name, { flow }] of Object.entries(own)) {
    if (name in library) throw new TypeError(`the library has a flow ${name}`)
    if (flow.name !== name) throw new TypeError(`flow ${flow.name} is given under the name ${name}`)
  }
  return all
}

/**
 * Flows that are ready: the journal is open, and runs that had not ended go on. Rejects with the journal's error when it
 * cannot be opened, and with a `TypeError` when an own flow has a name that is taken or not its own.
 *
 * @since 0.1.0
 * @category constructors
 */
export const createMemStoreFlows = async <const Own extends Catalog = Record<never, never>>(
  options: Options<Own>
): Promise<MemStoreFlows<Library & Own>> => {
  const catalog = joined(options.flows ?? {})
  const scope = Effect.runSync(Scope.make())
  const built = Scope.extend(Layer.toRuntime(layersOf(options, catalog)), scope).pipe(
    Effect.tapErrorCause((cause) => Scope.close(scope, Exit.failCause(cause)))
  )
  const runtime = await promise(Runtime.defaultRuntime, built)
  let closing: Promise<void> | undefined
  const close = () => (closing ??= Effect.runPromise(Scope.close(scope, Exit.void)))
  const flows = make(catalog, { runtime, isClosed: () => closing !== undefined, close })
  // The catalog is the library with the own flows, and every function takes its types from what it holds under a name.
  return flows as unknown as MemStoreFlows<Library & Own>
}
