/** Import circles are errors, and packages import each other in one direction only. */
const only = (from, allowed) => ({
  name: `${from}-imports`,
  severity: "error",
  from: { path: `^packages/${from}/src/` },
  to: { path: "^packages/", pathNot: `^packages/(${[from, ...allowed].join("|")})/src/` }
})

module.exports = {
  forbidden: [
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
    { name: "not-to-unresolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
    only("api", []),
    only("engine", []),
    only("engine-sqlite", ["engine"]),
    only("engine-cluster", ["engine"]),
    only("model", ["api"]),
    only("workflows", ["engine", "model", "api"]),
    only("emulator", ["model", "api"]),
    only("promise", ["workflows", "engine", "api"])
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)dist/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "default"] }
  }
}
