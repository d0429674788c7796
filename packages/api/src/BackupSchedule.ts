/**
 * Automatic backups.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * Five fields separated by single spaces. The page's samples are `* 1 * * *`; the time zone is not documented.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CronExpression = Schema.String.pipe(
  Schema.pattern(/^[\d*,/\-A-Za-z]+( [\d*,/\-A-Za-z]+){4}$/, {
    identifier: "CronExpression",
    message: () => "a cron expression has exactly five fields separated by single spaces"
  })
)

/**
 * `cron`: when, see `CronExpression`. `retentionLimit`: how long a backup is kept, whole days from 1.
 *
 * @since 0.1.0
 * @category schemas
 */
export const BackupSchedule = Schema.Struct({
  cron: CronExpression,
  retentionLimit: Schema.Int.pipe(Schema.positive())
}).annotations({ identifier: "BackupSchedule" })

/**
 * @since 0.1.0
 * @category models
 */
export type BackupSchedule = typeof BackupSchedule.Type

/**
 * A change of the schedule (page: "Update cluster information"): `cron` may be `""`, which switches backups off.
 *
 * @since 0.1.0
 * @category schemas
 */
export const BackupScheduleUpdate = Schema.Struct({
  cron: Schema.optionalWith(Schema.Union(Schema.Literal(""), CronExpression), { exact: true }),
  retentionLimit: Schema.optionalWith(Schema.Int.pipe(Schema.positive()), { exact: true })
}).annotations({ identifier: "BackupScheduleUpdate" })

/**
 * @since 0.1.0
 * @category models
 */
export type BackupScheduleUpdate = typeof BackupScheduleUpdate.Type
