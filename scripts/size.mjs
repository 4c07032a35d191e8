// Bundles, as Vite does, what a program needs that trains Dense and GroupNormalization, minifies and gzips it, and says
// how big it is; then what each front end adds to everything else. Fails over the budgets, and where a program holds a
// front end that it does not import.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { chunksAtOnce } from "./chunks.mjs";

const budget = 120_000;
const frontendBudget = 15_000;

const programs = {
  "train Dense + GroupNormalization": `
    import { Dense, GroupNormalization, Sequential, tensor } from "varve";
    const model = new Sequential([new Dense({ units: 8 }), new GroupNormalization({ groups: 2 }), new Dense({ units: 1 })]);
    model.compile({ optimizer: "adam", loss: "mean_squared_error" });
    await model.fit(tensor([[0, 1]]), tensor([[1]]), { epochs: 1 });
    console.log(model.predict(tensor([[0, 1]])));`,
  everything: `import * as varve from "varve"; console.log(varve);`,
};

const { exports } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const frontends = Object.keys(exports).flatMap((path) => /^\.\/(\w+)$/.exec(path)?.[1] ?? []);

/** What a page loads to start the program. */
async function bundle(contents) {
  const entry = join(process.cwd(), "program.js");
  const program = {
    name: "program",
    resolveId: (id) => (id === entry ? id : null),
    load: (id) => (id === entry ? contents : null),
  };
  const bundled = await rolldown({ input: entry, platform: "browser", plugins: [program], logLevel: "silent" });
  const { output } = await bundled.generate({ format: "esm", minify: true });
  const chunks = chunksAtOnce(output);
  const codes = chunks.map(({ code }) => Buffer.from(code));
  const modules = chunks.flatMap(({ modules }) => Object.entries(modules));
  const sizeOf = (part) =>
    modules.filter(([path]) => path.includes(part)).reduce((sum, [, { renderedLength }]) => sum + renderedLength, 0);
  return {
    gzipped: codes.reduce((sum, code) => sum + gzipSync(code, { level: 9 }).length, 0),
    minified: codes.reduce((sum, code) => sum + code.length, 0),
    kernels: sizeOf("kernels.generated"),
    frontends: sizeOf("/frontends/"),
  };
}

let failed = false;
const kB = (bytes, width = 0) => (bytes / 1000).toFixed(1).padStart(width);
const verdict = (bytes, limit) => {
  failed ||= bytes > limit;
  return bytes <= limit ? `within ${limit / 1000} kB` : `OVER ${limit / 1000} kB`;
};

const sizes = {};
for (const [name, contents] of Object.entries(programs)) {
  const size = await bundle(contents);
  sizes[name] = size.gzipped;
  const limited = name.startsWith("train") ? verdict(size.gzipped, budget) : "";
  console.log(
    `${name.padEnd(34)} ${kB(size.gzipped, 7)} kB gzipped ${kB(size.minified, 8)} kB minified, of which kernels ${kB(size.kernels)} kB  ${limited}`,
  );
  if (size.frontends > 0) {
    failed = true;
    console.log(`${name}: holds ${kB(size.frontends)} kB of front ends that it does not import`);
  }
}
for (const frontend of frontends) {
  const { gzipped } = await bundle(
    `import * as varve from "varve"; import * as frontend from "varve/${frontend}"; console.log(varve, frontend);`,
  );
  const added = gzipped - sizes.everything;
  console.log(`${`varve/${frontend} adds`.padEnd(34)} ${kB(added, 7)} kB gzipped  ${verdict(added, frontendBudget)}`);
}
if (failed) process.exit(1);
