import { PgClient } from "@effect/sql-pg"
import { Engine, type Journal } from "@memstore-flows/engine"
import { Duration, Effect, Layer, Redacted, Schema } from "effect"
import { work } from "../../../workflows/test/crash/work.js"
import * as member from "../../src/internal/member.js"
import { freePort } from "./freePort.js"

const Store = Schema.Struct({ database: Schema.String })

work((store, { journal }) =>
  Layer.unwrapScoped(
    Effect.map(freePort, (port) =>
      member.layer({
        address: { host: "127.0.0.1", port, listenHost: undefined },
        prefix: "memstore_flows",
        lease: Duration.seconds(1),
        sweep: Duration.millis(200),
        messages: Duration.hours(1),
        engine: Layer.provide(Engine.layer({ resume: "none" }), journal(Layer.context<Journal.Journal>()))
      })
    )
  ).pipe(Layer.provide(PgClient.layer({ url: Redacted.make(Schema.decodeUnknownSync(Store)(store).database) })))
)
