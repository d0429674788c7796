/**
 * Durable flows on many machines: runs placed by @effect/cluster, the journal in PostgreSQL.
 *
 * @since 0.1.0
 */

export * as EngineCluster from "./EngineCluster.js"
export * as PostgresJournal from "./PostgresJournal.js"
