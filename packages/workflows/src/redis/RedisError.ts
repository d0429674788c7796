/**
 * How talking to a node over the Redis protocol can fail. Neither commands' arguments nor passwords are in any of it.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * No connection to a node, no answer in time, or no entry.
 *
 * - `endpoint`: `host:port`
 * - `reason`: `NoConnection`, `TimedOut`, or `Denied` (user, password, or TLS)
 * - `detail`: what the system or the server said
 *
 * @since 0.1.0
 * @category errors
 */
export class NodeUnreachable extends Schema.TaggedError<NodeUnreachable>("@memstore-flows/workflows/NodeUnreachable")(
  "NodeUnreachable",
  { endpoint: Schema.String, reason: Schema.Literal("NoConnection", "TimedOut", "Denied"), detail: Schema.String }
) {
  override get message(): string {
    return `${this.endpoint}: ${this.reason}: ${this.detail}`
  }
}

/**
 * A node was reached and answered a command with an error.
 *
 * - `command`: its name only
 * - `code`: the first word of the answer, such as `LOADING` or `TRYAGAIN`
 *
 * @since 0.1.0
 * @category errors
 */
export class CommandFailed extends Schema.TaggedError<CommandFailed>("@memstore-flows/workflows/CommandFailed")(
  "CommandFailed",
  { command: Schema.String, code: Schema.String, detail: Schema.String }
) {
  override get message(): string {
    return `${this.command}: ${this.detail}`
  }
}

/**
 * Either of them.
 *
 * @since 0.1.0
 * @category errors
 */
export type RedisError = NodeUnreachable | CommandFailed
