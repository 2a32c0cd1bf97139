// SPDX-License-Identifier: Apache-2.0
// dbos.mjs STEPS: a DBOS workflow of that many steps over the PostgreSQL that peers/run started.
import { DBOS } from "@dbos-inc/dbos-sdk";

const steps = Number(process.argv[2]);
const evaluate = async (number) => ({ number, text: "x".repeat(178) });
const workflow = DBOS.registerWorkflow(
    async (count) => {
        for (let i = 0; i < count; i++) await DBOS.runStep(() => evaluate(i), { name: "evaluate" });
    },
    { name: "bench" },
);
DBOS.setConfig({
    name: "bench",
    systemDatabaseUrl: "postgresql://bench@127.0.0.1:15432/dbos",
    runAdminServer: false,
    logLevel: "error",
});
await DBOS.launch();
await workflow(100);
const begin = performance.now();
await workflow(steps);
const seconds = (performance.now() - begin) / 1000;
console.log(`${"DBOS 5.3.0 + PostgreSQL".padEnd(44)} ${(steps / seconds).toFixed(0).padStart(16)} activities/s`);
await DBOS.shutdown();
process.exit(0);
