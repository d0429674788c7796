/**
 * MemStore flows for backends that do not use Effect: Promises, AbortSignal and async iterators.
 *
 * @since 0.1.0
 */
export * from "./Catalog.js"
export * from "./CreateMemStoreFlows.js"
export * from "./FlowsClosed.js"
export type * from "./MemStoreFlows.js"
export type * from "./Options.js"
