// SPDX-License-Identifier: Apache-2.0
// absurd.mjs STEPS: an absurd task of that many steps over the PostgreSQL that peers/run started.
import { Absurd } from "absurd-sdk";

const steps = Number(process.argv[2]);
const app = new Absurd({ db: "postgresql://bench@127.0.0.1:15432/absurd", queueName: "bench" });
await app.createQueue("bench");
app.registerTask({ name: "bench" }, async (params, context) => {
    const begin = performance.now();
    for (let i = 0; i < params.count; i++)
        await context.step(`evaluate ${i}`, async () => ({ number: i, text: "x".repeat(178) }));
    return { seconds: (performance.now() - begin) / 1000 };
});
const worker = await app.startWorker({ concurrency: 1, pollInterval: 0.05 });
const run = async (count) => {
    const { taskID } = await app.spawn("bench", { count });
    const end = await app.awaitTaskResult(taskID, { timeout: 240 });
    if (end.state !== "completed") throw new Error(`Error: the task is ${end.state}`);
    return end.result.seconds;
};
await run(100);
const seconds = await run(steps);
console.log(`${"absurd 0.5.0 + PostgreSQL".padEnd(44)} ${(steps / seconds).toFixed(0).padStart(16)} activities/s`);
await worker.close();
await app.close();
process.exit(0);
