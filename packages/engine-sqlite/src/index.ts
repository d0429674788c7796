/**
 * The journal of the engine in one SQLite file.
 *
 * @since 0.1.0
 */
export * as SqliteJournal from "./SqliteJournal.js"
