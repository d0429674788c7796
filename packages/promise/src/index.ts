/**
 * MemStore flows for backends that do not use Effect: Promises, AbortSignal and async iterators.
 *
 * @since 0.1.0
 */
export {}
