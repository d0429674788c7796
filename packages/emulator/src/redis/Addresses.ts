/**
 * Loopback addresses: each node has one of its own, `127.R.x.y`, all of them with the cluster's port.
 *
 * Linux answers on all of 127.0.0.0/8 without any set-up. An emulator holds its R as long as it lives by listening on
 * `127.R.255.254`, which the kernel takes back when the process ends in whatever way.
 */
import * as Net from "node:net"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import { AddressesTaken } from "./RedisError.js"

const claimPort = 16_379

const listen = (range: string): Effect.Effect<Net.Server, AddressesTaken> =>
  Effect.async((resume) => {
    const server = Net.createServer((socket) => socket.destroy())
    server.once("error", (error) => resume(Effect.fail(new AddressesTaken({ range, reason: error.message }))))
    server.listen({ host: `${range}.255.254`, port: claimPort, exclusive: true }, () => {
      server.unref()
      resume(Effect.succeed(server))
    })
  })

/** Holds a range until the scope ends. */
export const claim = (range: string): Effect.Effect<string, AddressesTaken, Scope.Scope> =>
  Effect.as(
    Effect.acquireRelease(listen(range), (server) =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
      })
    ),
    range
  )

/** Holds some range that nobody holds. */
export const claimAny: Effect.Effect<string, AddressesTaken, Scope.Scope> = Effect.gen(function* () {
  const first = yield* Random.nextIntBetween(0, 190)
  const tries = Array.from({ length: 190 }, (_, index) => claim(`127.${64 + ((first + index) % 190)}`))
  return yield* Effect.firstSuccessOf(tries)
})
