/**
 * How the nodes of a cluster are reached over the Redis protocol.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"

/**
 * - `port`: the cluster's port, 1-65535
 * - `username`, `password`: the cluster's user, if it has one
 * - `tls`: whether the nodes speak TLS; `ca` is a certificate authority in PEM besides those of Node
 *
 * @since 0.1.0
 * @category models
 */
export interface RedisAccess {
  readonly port: number
  readonly username?: string | undefined
  readonly password?: Redacted.Redacted<string> | undefined
  readonly tls?: { readonly ca?: string | undefined } | undefined
}

/**
 * Port 6379, no user, no TLS, but for the settings given.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (settings: Partial<RedisAccess> = {}): RedisAccess => ({ port: 6379, ...settings })

/**
 * The access from the environment: `MEMSTORE_REDIS_PORT` (6379), `MEMSTORE_REDIS_USER`, `MEMSTORE_REDIS_PASSWORD`,
 * `MEMSTORE_REDIS_TLS` (false), `MEMSTORE_REDIS_CA` (PEM).
 *
 * @since 0.1.0
 * @category config
 */
export const config: Config.Config<RedisAccess> = Config.all({
  port: Config.withDefault(Config.port("MEMSTORE_REDIS_PORT"), 6379),
  username: Config.option(Config.string("MEMSTORE_REDIS_USER")),
  password: Config.option(Config.redacted("MEMSTORE_REDIS_PASSWORD")),
  tls: Config.withDefault(Config.boolean("MEMSTORE_REDIS_TLS"), false),
  ca: Config.option(Config.string("MEMSTORE_REDIS_CA"))
}).pipe(
  Config.map(({ ca, password, port, tls, username }) =>
    make({
      port,
      username: Option.getOrUndefined(username),
      password: Option.getOrUndefined(password),
      tls: tls ? { ca: Option.getOrUndefined(ca) } : undefined
    })
  )
)
