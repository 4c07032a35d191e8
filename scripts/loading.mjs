// How much memory, and how long, it takes to write and to open large files: writes a model of about 500 MB of weights in
// every format (in a folder of the system's, taken away at the end) and opens it, each in a process of its own, and
// prints what that needed beyond the weights themselves. `npm run loading`; an argument is the size in MB.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { info, input, layers, loadModel, model, setThreads } from "varve";

const MB = 2 ** 20;
const units = 2048;

/** A chain of dense layers, and an embedding that is a fifth of it all. */
function make(megabytes, initializer = "zeros") {
  const x = input({ shape: [4], dtype: "int32" });
  const bytes = megabytes * MB;
  const tokens = Math.round(bytes / 5 / (4 * units));
  let y = layers.embedding({ inputDim: tokens, outputDim: units, embeddingsInitializer: initializer }).apply(x);
  for (let rest = bytes * 0.8; rest > 0; rest -= 4 * units * (units + 1)) {
    y = layers.dense({ units, kernelInitializer: initializer }).apply(y);
  }
  return model({ inputs: x, outputs: y });
}

/** The most memory that the process ever had. */
const peak = () => process.resourceUsage().maxRSS * 1024;

async function write(folder, name, how, megabytes) {
  const net = make(megabytes, "ones");
  const weights = net.weights.reduce((sum, { value }) => sum + value.size * 4, 0);
  const before = process.memoryUsage().rss;
  const begun = performance.now();
  const path = join(folder, name);
  if (how === "bytes") await net.toKeras();
  else if (/\.(keras|json|onnx)$/.test(name)) await net.save(path);
  else await net.saveWeights(path);
  const seconds = (performance.now() - begun) / 1000;
  const beyond = peak() - before;
  console.log(
    `${`${how === "bytes" ? "bytes of" : "written"} ${name}`.padEnd(28)} ${seconds.toFixed(1).padStart(5)} s; beyond ${Math.round(weights / MB)} MB of weights: ${Math.round(beyond / MB)} MB (${(beyond / weights).toFixed(2)} copies)`,
  );
}

async function open(folder, name, how, megabytes) {
  const path = join(folder, name);
  const source = how === "bytes" ? new Blob([readFileSync(path)]) : path;
  const isModel = /\.(keras|json)$/.test(name);
  const net = isModel ? undefined : make(megabytes);
  const before = process.memoryUsage();
  const begun = performance.now();
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  const loaded = isModel ? await loadModel(source) : net;
  if (!isModel) await net.loadWeights(source);
  const seconds = (performance.now() - begun) / 1000;
  longest = Math.max(longest, performance.now() - last);
  clearInterval(timer);
  const weights = loaded.weights.reduce((sum, { value }) => sum + value.size * 4, 0);
  const held = isModel ? 0 : weights;
  const beyond = peak() - before.rss + held - weights;
  const { peakBytes } = info().memory;
  console.log(
    `${`${name}${how === "bytes" ? " as a Blob" : ""}`.padEnd(28)} ${seconds.toFixed(1).padStart(5)} s, longest stretch ${Math.round(longest)} ms; beyond ${Math.round(weights / MB)} MB of weights: ${Math.round(beyond / MB)} MB (${(beyond / weights).toFixed(2)} copies), tensors at most ${Math.round(peakBytes / MB)} MB`,
  );
}

setThreads(1);
const [task, folder, ...rest] = process.argv.slice(2);
if (task === "write") await write(folder, rest[0], rest[1], Number(rest[2]));
else if (task === "open") await open(folder, rest[0], rest[1], Number(rest[2]));
else {
  const megabytes = String(Number(task ?? 500));
  const own = mkdtempSync(join(tmpdir(), "varve-large-"));
  const run = (...given) =>
    spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...given], { stdio: "inherit" });
  try {
    for (const name of ["model.keras", "model.weights.h5", "model.safetensors", "model.json", "model.onnx"]) {
      run("write", own, name, "path", megabytes);
      if (name === "model.keras") run("write", own, name, "bytes", megabytes);
      if (name === "model.onnx") continue;
      run("open", own, name, "path", megabytes);
      if (name !== "model.json") run("open", own, name, "bytes", megabytes);
    }
    console.log(`${Math.round(statSync(join(own, "model.keras")).size / MB)} MB in model.keras`);
  } finally {
    rmSync(own, { recursive: true });
  }
}
