import { createServer } from "node:net"
import { PgClient } from "@effect/sql-pg"
import { Duration, Effect, Layer, Redacted, Schema } from "effect"
import { work } from "../../../workflows/test/crash/work.js"
import * as member from "../../src/internal/member.js"

const Store = Schema.Struct({ database: Schema.String })

const port = Effect.async<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    const free = typeof address === "object" && address ? address.port : 0
    server.close(() => resume(Effect.succeed(free)))
  })
})

work((store, { over }) =>
  Layer.unwrapScoped(
    Effect.map(port, (port) =>
      Layer.scopedContext(
        member.make({
          address: { host: "127.0.0.1", port, listenHost: undefined },
          prefix: "memstore_flows",
          lease: Duration.seconds(1),
          sweep: Duration.millis(200),
          messages: Duration.hours(1),
          retention: undefined,
          over
        })
      )
    )
  ).pipe(Layer.provide(PgClient.layer({ url: Redacted.make(Schema.decodeUnknownSync(Store)(store).database) })))
)
