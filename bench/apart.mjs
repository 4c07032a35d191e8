// Candidates in processes of their own, as Python's are: what an engine does beside one of them (collecting its garbage,
// compiling, starting and ending its threads) then takes no time from another's turn. Run by itself it is such a process.
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { calling } from "./measure.mjs";

const self = fileURLToPath(import.meta.url);

if (process.argv[1] === self) {
  const { cases } = await import("./cases.mjs");
  const { useBackend } = await import("./tfjs.mjs");
  await useBackend("wasm");
  let made;
  process.on("message", async ({ work, name, calls, stretches }) => {
    try {
      if (made?.work !== work) made = { work, candidates: await cases.find((each) => each.name === work).make({}) };
      const given = made.candidates[name];
      const candidate = typeof given === "function" ? calling(given) : given;
      await candidate.before?.();
      process.send({ times: await candidate.run(calls, stretches) });
    } catch (error) {
      process.send({ error: error.message });
    }
  });
  process.send("ready");
}

/** A process; its candidates stand for those of the same names that the work has here. */
async function start() {
  const child = fork(self);
  await once(child, "message");
  child.unref();
  child.channel.unref();
  const ended = once(child, "exit").then(([code, signal]) => [{ error: `its process ended (${signal ?? code})` }]);
  return (work, name) => ({
    async run(calls, stretches) {
      if (child.connected) {
        child.channel.ref();
        child.send({ work, name, calls, stretches });
      }
      const [{ times, error }] = await Promise.race([once(child, "message"), ended]);
      child.channel?.unref();
      if (error) throw new Error(error);
      return times;
    },
  });
}

/**
 * Starts one process for Varve on one thread, since going from one number of threads to another costs, and one for the
 * other libraries. What comes back puts them in the places of a work's candidates.
 */
export async function startApart() {
  const [single, others] = [await start(), await start()];
  const places = { "Varve ×1": single, tfjs: others, "jax-js": others, ORT: others, "ORT web": others };
  return (work, candidates) =>
    Object.fromEntries(
      Object.entries(candidates).map(([name, candidate]) => [
        name,
        candidate && places[name] ? places[name](work, name) : candidate,
      ]),
    );
}
