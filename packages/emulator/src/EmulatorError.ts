/**
 * How the emulator itself can fail.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * A fault breaks the connection of a request; no answer is sent. `applied` tells whether it was carried out.
 *
 * @since 0.1.0
 * @category errors
 */
export class ConnectionBroken extends Schema.TaggedError<ConnectionBroken>("@memstore-flows/emulator/ConnectionBroken")(
  "ConnectionBroken",
  { requestId: Schema.String, applied: Schema.Boolean }
) {}

/**
 * The address cannot be listened on, most often because another program does.
 *
 * @since 0.1.0
 * @category errors
 */
export class AddressUnavailable extends Schema.TaggedError<AddressUnavailable>(
  "@memstore-flows/emulator/AddressUnavailable"
)("AddressUnavailable", { host: Schema.String, port: Schema.Int, reason: Schema.String }) {
  override get message(): string {
    return `Cannot listen on ${this.host}:${this.port}: ${this.reason}`
  }
}

/**
 * Another emulator that is running holds the state folder.
 *
 * @since 0.1.0
 * @category errors
 */
export class FolderLocked extends Schema.TaggedError<FolderLocked>("@memstore-flows/emulator/FolderLocked")(
  "FolderLocked",
  { directory: Schema.String, pid: Schema.Int }
) {
  override get message(): string {
    return `The state folder ${this.directory} is in use by process ${this.pid}`
  }
}

/**
 * The state folder cannot be read or written, or holds something that is not a saved state.
 *
 * @since 0.1.0
 * @category errors
 */
export class FolderUnusable extends Schema.TaggedError<FolderUnusable>("@memstore-flows/emulator/FolderUnusable")(
  "FolderUnusable",
  { directory: Schema.String, reason: Schema.String }
) {
  override get message(): string {
    return `The state folder ${this.directory} cannot be used: ${this.reason}`
  }
}
