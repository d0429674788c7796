import * as Redacted from "effect/Redacted"
import type { Cluster, Redis, RedisOptions } from "ioredis"
import type { RedisAccess } from "../redis/RedisAccess.js"
import { CommandFailed, NodeUnreachable, type RedisError } from "../redis/RedisError.js"

/** What a connection to a node and those of a cluster's client have in common. */
export const connectionOptions = ({ password, tls, username }: RedisAccess): RedisOptions => ({
  disableClientInfo: true,
  ...(username === undefined ? {} : { username }),
  ...(password === undefined ? {} : { password: Redacted.value(password) }),
  ...(tls === undefined ? {} : { tls: tls.ca === undefined ? {} : { ca: tls.ca } })
})

/**
 * A client whose connections may break while a slot moves. The driver sends ASKING before a command that a node redirects,
 * and leaves its answer to nobody: cut off then, it would end the process as an unhandled rejection. The command that
 * follows tells all there is to know.
 */
export const outlivingAsking = (cluster: Cluster): Cluster =>
  cluster.on("+node", (node: Redis) => {
    const asking = node.asking.bind(node)
    node.asking = (callback) => {
      const answer = asking(callback)
      answer.catch(() => undefined)
      return answer
    }
  })

const denials = new Set(["NOAUTH", "WRONGPASS", "NOPERM", "DENIED"])

/** An old server repeats the arguments of a command it does not know, be they a password. */
const withoutArguments = (message: string) => (message.split(", with args beginning with")[0] ?? "").slice(0, 200)

/** Reads an error of the driver; its own value is dropped, for it carries the command's arguments. */
export const errorOf = (endpoint: string, command: string, error: unknown): RedisError => {
  const detail = withoutArguments(error instanceof Error ? error.message : String(error))
  const code = (detail.split(" ")[0] ?? "").replace(/^-/, "")
  if (denials.has(code)) return new NodeUnreachable({ endpoint, reason: "Denied", detail })
  if (error instanceof Error && error.name === "ReplyError") return new CommandFailed({ command, code, detail })
  if (/certificate|self.signed|\bSSL\b|\bTLS\b|altnames/i.test(detail)) {
    return new NodeUnreachable({ endpoint, reason: "Denied", detail })
  }
  const late = /ETIMEDOUT|timed out/i.test(detail)
  return new NodeUnreachable({ endpoint, reason: late ? "TimedOut" : "NoConnection", detail })
}
