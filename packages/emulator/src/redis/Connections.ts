/**
 * Talking to one chosen node of a cluster.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Scope from "effect/Scope"
import { Redis, type RedisOptions } from "ioredis"
import { CommandRefused, NodeUnreachable } from "./RedisError.js"

/** A command's words, its name first. */
export type Words = readonly [string, ...ReadonlyArray<string | number | Buffer>]

/** Where a server listens and how it is entered. */
export interface Door {
  readonly address: string
  readonly port: number
  readonly userName: string
  readonly password: string
  readonly authority: string | undefined
}

/**
 * Connections to nodes, kept open and made again when they break.
 *
 * - `call`: one command; `all`: many in one write, in order, each with its own answer
 * - `lane`: commands of different lanes do not wait for each other
 */
export interface Connections {
  readonly call: (door: Door, words: Words, lane?: string) => Effect.Effect<unknown, NodeUnreachable | CommandRefused>
  readonly all: (
    door: Door,
    commands: ReadonlyArray<Words>,
    lane?: string
  ) => Effect.Effect<ReadonlyArray<Either.Either<unknown, CommandRefused>>, NodeUnreachable>
  readonly forget: (address: string) => Effect.Effect<void>
}

const options = ({ address, authority, password, port, userName }: Door): RedisOptions => ({
  host: address,
  port,
  username: userName,
  password,
  lazyConnect: true,
  enableReadyCheck: false,
  retryStrategy: () => null,
  maxRetriesPerRequest: 0,
  connectTimeout: 1000,
  ...(authority === undefined ? {} : { tls: { ca: authority, servername: "", checkServerIdentity: () => undefined } })
})

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const isReply = (error: unknown): boolean => error instanceof Error && error.name === "ReplyError"

const nameOf = (words: Words): string => words.slice(0, 2).join(" ")

const refused = (door: Door, words: Words, error: unknown): CommandRefused =>
  new CommandRefused({ address: door.address, command: nameOf(words), reason: messageOf(error) })

const unreachable = (door: Door, error: unknown): NodeUnreachable =>
  new NodeUnreachable({ address: door.address, reason: messageOf(error) })

const connected = (client: Redis): Promise<void> => {
  if (client.status === "wait" || client.status === "end" || client.status === "close") return client.connect()
  return Promise.resolve()
}

/** Connections that are closed when the scope ends. */
export const make: Effect.Effect<Connections, never, Scope.Scope> = Effect.gen(function* () {
  const clients = new Map<string, Redis>()
  const close = (client: Redis): void => client.disconnect(false)
  yield* Effect.addFinalizer(() => Effect.sync(() => clients.forEach(close)))

  const client = (door: Door, lane: string): Redis => {
    const key = `${door.address} ${lane}`
    const known = clients.get(key)
    if (known !== undefined) return known
    const made = new Redis(options(door))
    made.on("error", () => undefined)
    clients.set(key, made)
    return made
  }

  return {
    call: (door, words, lane = "") =>
      Effect.tryPromise({
        try: async () => {
          const each = client(door, lane)
          await connected(each)
          const [name, ...rest] = words
          return await each.call(name, ...rest)
        },
        catch: (error) => (isReply(error) ? refused(door, words, error) : unreachable(door, error))
      }),
    all: (door, commands, lane = "") =>
      Effect.tryPromise({
        try: async () => {
          const each = client(door, lane)
          await connected(each)
          const pipeline = each.pipeline()
          for (const [name, ...rest] of commands)
            lane === "slots" ? pipeline.callBuffer(name, ...rest) : pipeline.call(name, ...rest)
          return (await pipeline.exec()) ?? []
        },
        catch: (error) => unreachable(door, error)
      }).pipe(
        Effect.flatMap((answers) => {
          const broken = answers.find(([error]) => error !== null && !isReply(error))
          return broken === undefined
            ? Effect.succeed(
                commands.map((words, index) => {
                  const [error, value] = answers[index] ?? [new Error("no answer"), undefined]
                  return error === null ? Either.right(value) : Either.left(refused(door, words, error))
                })
              )
            : Effect.fail(unreachable(door, broken[0]))
        })
      ),
    forget: (address) =>
      Effect.sync(() => {
        for (const [key, each] of clients) {
          if (!key.startsWith(`${address} `)) continue
          close(each)
          clients.delete(key)
        }
      })
  }
})
