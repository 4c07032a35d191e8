// PyTorch and Keras on JAX, in one Python process that works only while it is asked to (python/peers.py).
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

/**
 * A Python with the pinned packages: the one that VARVE_BENCH_PYTHON names, or that of the environment beside this file,
 * which is made at the first run. It takes 6 GB, since PyTorch for Linux comes with libraries for graphics cards and
 * does not start without them.
 */
function environment(say) {
  if (process.env.VARVE_BENCH_PYTHON) return process.env.VARVE_BENCH_PYTHON;
  const wanted = readFileSync(path("python/requirements.txt"), "utf8");
  const python = path(process.platform === "win32" ? ".venv/Scripts/python.exe" : ".venv/bin/python");
  const stamp = path(".venv/requirements.txt");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return python;
  say("making a Python environment with PyTorch and Keras (6 GB, once) …");
  const run = (command, args) => {
    const { status, error, stderr } = spawnSync(command, args, { encoding: "utf8" });
    if (status !== 0) throw new Error((error?.message ?? stderr).trim().split("\n").at(-1));
  };
  run(process.platform === "win32" ? "python" : "python3", ["-m", "venv", "--clear", path(".venv")]);
  run(python, [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    "-r",
    path("python/requirements.txt"),
  ]);
  writeFileSync(stamp, wanted);
  return python;
}

/**
 * Starts the process.
 *
 * @returns {Promise<{ versions: Record<string, string>, candidate: Function, forget: () => void } | { because: string }>}
 */
export async function startPython(say) {
  try {
    const child = spawn(environment(say), [path("python/peers.py")], { stdio: ["pipe", "pipe", "pipe"] });
    let complaint = "";
    child.stderr.on("data", (text) => {
      complaint = String(text).trim().split("\n").at(-1) || complaint;
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await Promise.race([lines.next(), once(child, "error").then(([error]) => Promise.reject(error))]);
    if (first.done) throw new Error(complaint || "Python ended");
    child.unref();
    const send = (request) => child.stdin.write(`${JSON.stringify(request)}\n`);
    return {
      versions: JSON.parse(first.value),
      /** A candidate for `sideBySide`: work of one of the frameworks, so many threads at once. */
      candidate: (framework, work, threads, options = {}) => ({
        async run(calls, stretches) {
          send({ framework, work, threads, calls, stretches, ...options });
          const { seconds, error } = JSON.parse((await lines.next()).value);
          if (error) throw new Error(error);
          return seconds.map((each) => each * 1000);
        },
      }),
      forget: () => send({ forget: true }),
    };
  } catch (error) {
    return { because: error.message };
  }
}
