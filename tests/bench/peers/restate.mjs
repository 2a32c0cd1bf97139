// SPDX-License-Identifier: Apache-2.0
// restate.mjs STEPS: a Restate handler of that many steps on the server that peers/run started.
Promise.withResolvers ??= () => {
    const parts = {};
    parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
    return parts;
};
const restate = await import("@restatedev/restate-sdk");

const steps = Number(process.argv[2]);
const bench = restate.service({
    name: "bench",
    handlers: {
        run: async (context, count) => {
            for (let i = 0; i < count; i++)
                await context.run("evaluate", async () => ({ number: i, text: "x".repeat(178) }));
        },
    },
});
await restate.endpoint().bind(bench).listen(19080);
const post = async (url, body) => {
    const reply = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
    });
    if (!reply.ok) throw new Error(`Error: ${url} answers ${reply.status} ${await reply.text()}`);
};
for (let i = 0; ; i++) {
    try {
        await post("http://127.0.0.1:9070/deployments", { uri: "http://127.0.0.1:19080", force: true });
        break;
    } catch (error) {
        if (i === 120) throw error;
        await new Promise((resolve) => setTimeout(resolve, 250));
    }
}
await post("http://127.0.0.1:8080/bench/run", 100);
const begin = performance.now();
await post("http://127.0.0.1:8080/bench/run", steps);
const seconds = (performance.now() - begin) / 1000;
console.log(`${"Restate 1.7.12".padEnd(44)} ${(steps / seconds).toFixed(0).padStart(16)} activities/s`);
process.exit(0);
