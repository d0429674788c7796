/**
 * How a data plane of real servers can fail.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const name = (tag: string) => `@memstore-flows/emulator/${tag}`

/**
 * There is no server program on this machine, or the one that was named is none.
 *
 * @since 0.1.0
 * @category errors
 */
export class RedisUnavailable extends Schema.TaggedError<RedisUnavailable>(name("RedisUnavailable"))(
  "RedisUnavailable",
  { reason: Schema.String }
) {
  override get message(): string {
    return `There is no Redis: ${this.reason}`
  }
}

/**
 * No loopback addresses are left for nodes, or those of a state folder are in use by another emulator.
 *
 * @since 0.1.0
 * @category errors
 */
export class AddressesTaken extends Schema.TaggedError<AddressesTaken>(name("AddressesTaken"))("AddressesTaken", {
  range: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `The addresses ${this.range}.x.y cannot be used: ${this.reason}`
  }
}

/**
 * A node does not answer: its process is gone, hangs, or is still starting.
 *
 * @since 0.1.0
 * @category errors
 */
export class NodeUnreachable extends Schema.TaggedError<NodeUnreachable>(name("NodeUnreachable"))("NodeUnreachable", {
  address: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `${this.address} does not answer: ${this.reason}`
  }
}

/**
 * A node answered a command with an error.
 *
 * @since 0.1.0
 * @category errors
 */
export class CommandRefused extends Schema.TaggedError<CommandRefused>(name("CommandRefused"))("CommandRefused", {
  address: Schema.String,
  command: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `${this.address} refused ${this.command}: ${this.reason}`
  }
}

/**
 * A server ended while it was starting. `lastWords`: the end of its log.
 *
 * @since 0.1.0
 * @category errors
 */
export class ServerEnded extends Schema.TaggedError<ServerEnded>(name("ServerEnded"))("ServerEnded", {
  address: Schema.String,
  lastWords: Schema.String
}) {
  override get message(): string {
    return `The server of ${this.address} ended: ${this.lastWords}`
  }
}

/**
 * A backup cannot be restored.
 *
 * - `Missing`: its files are not there; `Corrupt`: they are not what was written
 * - `NewerFormat`: they are of a newer engine than the one found here
 *
 * @since 0.1.0
 * @category errors
 */
export class BackupUnusable extends Schema.TaggedError<BackupUnusable>(name("BackupUnusable"))("BackupUnusable", {
  backup: Schema.String,
  fault: Schema.Literal("Missing", "Corrupt", "NewerFormat"),
  detail: Schema.String
}) {
  override get message(): string {
    return `Backup ${this.backup} cannot be restored (${this.fault}): ${this.detail}`
  }
}

/**
 * A backup could not be written, most often because the disk is full.
 *
 * @since 0.1.0
 * @category errors
 */
export class BackupFailed extends Schema.TaggedError<BackupFailed>(name("BackupFailed"))("BackupFailed", {
  address: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `${this.address} could not write its part of the backup: ${this.reason}`
  }
}

/**
 * Work was cut off at a step, because `onStep` said so.
 *
 * @since 0.1.0
 * @category errors
 */
export class CutOff extends Schema.TaggedError<CutOff>(name("CutOff"))("CutOff", { step: Schema.String }) {
  override get message(): string {
    return `Work was cut off at step ${this.step}`
  }
}

/**
 * Something did not come about in the time it may take.
 *
 * @since 0.1.0
 * @category errors
 */
export class Overdue extends Schema.TaggedError<Overdue>(name("Overdue"))("Overdue", {
  what: Schema.String,
  seen: Schema.String
}) {
  override get message(): string {
    return `${this.what} did not come about: ${this.seen}`
  }
}

/**
 * TLS needs the program openssl, which is not there or failed.
 *
 * @since 0.1.0
 * @category errors
 */
export class TlsUnavailable extends Schema.TaggedError<TlsUnavailable>(name("TlsUnavailable"))("TlsUnavailable", {
  reason: Schema.String
}) {
  override get message(): string {
    return `Certificates cannot be made: ${this.reason}`
  }
}

/**
 * A file of the plane's folder cannot be read or written.
 *
 * @since 0.1.0
 * @category errors
 */
export class FilesUnusable extends Schema.TaggedError<FilesUnusable>(name("FilesUnusable"))("FilesUnusable", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}
