// The limit of arithmetic: how many multiplications and additions a second one thread of WebAssembly does in registers
// alone, with the plain SIMD that every engine has. No memory is touched, so no kernel can be faster.
import asc from "assemblyscript/asc";

const names = Array.from({ length: 12 }, (_, index) => `a${index}`);
const source = `
export function work(rounds: i32, s: f32, t: f32): f32 {
  const x = f32x4.splat(s);
  const y = f32x4.splat(t);
${names.map((name, index) => `  let ${name} = f32x4.splat(<f32>${index});`).join("\n")}
  for (let i = 0; i < rounds; i++) {
${names.map((name) => `    ${name} = f32x4.add(f32x4.mul(${name}, x), y);`).join("\n")}
  }
  let sum = x;
${names.map((name) => `  sum = f32x4.add(sum, ${name});`).join("\n")}
  return f32x4.extract_lane(sum, 0);
}`;

/** Runs so many million operations; give it to `sideBySide`. */
export async function registerLoop(millions) {
  const { error, binary, stderr } = await asc.compileString(source, {
    optimizeLevel: 3,
    enable: ["simd"],
    runtime: "stub",
    noAssert: true,
  });
  if (error) throw new Error(stderr.toString());
  const { work } = new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { abort() {} } }).exports;
  const rounds = Math.round((millions * 1e6) / (names.length * 8));
  return () => work(rounds, 0.999, 1e-3);
}
