// Bundles what a program needs that trains Dense and GroupNormalization, minifies and gzips it, and says how big it is.
// Fails over the budget.
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const budget = 120_000;

const programs = {
  "train Dense + GroupNormalization": `
    import { Dense, GroupNormalization, Sequential, SGD, MeanSquaredError, tensor } from "varve";
    const model = new Sequential([new Dense({ units: 8 }), new GroupNormalization({ groups: 2 }), new Dense({ units: 1 })]);
    model.compile({ optimizer: new SGD({ learningRate: 0.1 }), loss: new MeanSquaredError() });
    await model.fit(tensor([[0, 1]]), tensor([[1]]), { epochs: 1 });
    console.log(model.predict(tensor([[0, 1]])));`,
  everything: `import * as varve from "varve"; console.log(varve);`,
};

let failed = false;
for (const [name, contents] of Object.entries(programs)) {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: process.cwd(), loader: "js" },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    write: false,
    metafile: true,
    logLevel: "error",
  });
  const bytes = outputFiles[0].contents;
  const gzipped = gzipSync(bytes, { level: 9 }).length;
  const kernels = Object.entries(Object.values(metafile.outputs)[0].inputs)
    .filter(([path]) => path.includes("kernels.generated"))
    .reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0);
  const limited = name.startsWith("train");
  const verdict = limited ? (gzipped <= budget ? `within ${budget / 1000} kB` : `OVER ${budget / 1000} kB`) : "";
  failed ||= limited && gzipped > budget;
  console.log(
    `${name.padEnd(34)} ${(gzipped / 1000).toFixed(1).padStart(7)} kB gzipped ${(bytes.length / 1000).toFixed(1).padStart(8)} kB minified, of which kernels ${(kernels / 1000).toFixed(1)} kB  ${verdict}`,
  );
}
if (failed) process.exit(1);
