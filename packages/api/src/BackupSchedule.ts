/**
 * Automatic backups.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const cronPattern = /^[\d*,/\-A-Za-z]+( [\d*,/\-A-Za-z]+){4}$/
const cronMessage = "a cron expression has exactly five fields separated by single spaces"

/**
 * Five fields separated by single spaces. The page's samples are `* 1 * * *`; the time zone is not documented.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CronExpression = Schema.String.pipe(
  Schema.pattern(cronPattern, { identifier: "CronExpression", message: () => cronMessage })
)

const CronExpressionOrOff = Schema.String.pipe(
  Schema.filter((text) => text === "" || cronPattern.test(text), {
    identifier: "CronExpressionOrOff",
    message: () => `${cronMessage}, or "" to switch automatic backups off`
  })
)

const RetentionLimit = Schema.Int.pipe(
  Schema.positive({ identifier: "RetentionLimit", message: () => "must be a whole number of days from 1" })
)

/**
 * `cron`: when, see `CronExpression`. `retentionLimit`: how long a backup is kept, whole days from 1.
 *
 * @since 0.1.0
 * @category schemas
 */
export const BackupSchedule = Schema.Struct({
  cron: CronExpression,
  retentionLimit: RetentionLimit
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
  cron: Schema.optional(CronExpressionOrOff),
  retentionLimit: Schema.optional(RetentionLimit)
}).annotations({ identifier: "BackupScheduleUpdate" })

/**
 * @since 0.1.0
 * @category models
 */
export type BackupScheduleUpdate = typeof BackupScheduleUpdate.Type
