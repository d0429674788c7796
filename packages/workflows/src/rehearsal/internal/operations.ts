import * as MemStore from "@memstore-flows/api/MemStore"
import { MemStoreClient } from "@memstore-flows/api/MemStoreClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

type Client = Context.Tag.Service<MemStoreClient>

/** Where the calls of a fiber go. */
class Calls extends Context.Reference<Calls>()("@memstore-flows/workflows/rehearsal/Calls", {
  defaultValue: (): Client => ({ call: () => () => Effect.dieMessage("no plane was provided") })
}) {}

const client: Client = {
  call: (operation) => (request) => Effect.flatMap(Calls, ({ call }) => call(operation)(request))
}

let built: Context.Context<MemStore.Operations> | undefined

const operations = (): Context.Context<MemStore.Operations> => {
  built ??= Effect.runSync(
    Effect.scoped(Layer.build(Layer.provide(MemStore.layerOperations, Layer.succeed(MemStoreClient, client))))
  )
  return built
}

/** The operations of the API, sent to a client. They are made once, for making them takes longer than many a trial. */
export const operationsOn = (client: Client): Context.Context<MemStore.Operations> =>
  Context.add(operations(), Calls, client)
