/**
 * Ids that become part of a path.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * The id of a cluster, shard or node: 1-255 letters, digits, `-`, `_`, `.` or `~`, and neither `.` nor `..`.
 *
 * The API uses UUIDs for clusters and nodes and ordinals such as `001` for shards. Any other character could change
 * which address a call reaches, so it is refused before sending.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ResourceId = Schema.String.pipe(
  Schema.pattern(/^(?!\.{1,2}$)[A-Za-z0-9._~-]{1,255}$/, {
    identifier: "ResourceId",
    message: () => "an id is 1-255 letters, digits, '-', '_', '.' or '~'"
  })
)
