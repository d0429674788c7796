/** Sent as `User-Agent: memstore-flows/{version}`; a test keeps it equal to the version in package.json. */
export const version = "0.1.0"
