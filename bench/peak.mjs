// The limits of one thread of WebAssembly with the plain SIMD that every engine has: of arithmetic, in registers alone,
// and of a pass over numbers that are read for sums and again for results. No kernel can be faster.
import asc from "assemblyscript/asc";

async function exportsOf(source, options = {}) {
  const { error, binary, stderr } = await asc.compileString(source, {
    optimizeLevel: 3,
    enable: ["simd"],
    runtime: "stub",
    noAssert: true,
    ...options,
  });
  if (error) throw new Error(stderr.toString());
  return new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { abort() {} } }).exports;
}

const names = Array.from({ length: 12 }, (_, index) => `a${index}`);
const inRegisters = `
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
  const { work } = await exportsOf(inRegisters);
  const rounds = Math.round((millions * 1e6) / (names.length * 8));
  return () => work(rounds, 0.999, 1e-3);
}

const vectors = [0, 1, 2, 3];
const each = (line) => vectors.map(line).join("\n");
const overMemory = `
export function work(from: usize, to: usize, bytes: usize): void {
  // What fits in the first cache, so that the second reading costs no memory.
  const block: usize = 16384;
  for (let at: usize = 0; at < bytes; at += block) {
    const end = min(at + block, bytes);
${each((v) => `    let s${v} = f32x4.splat(0);`)}
${each((v) => `    let q${v} = f32x4.splat(0);`)}
    for (let i = at; i < end; i += 64) {
${each((v) => `      const x${v} = v128.load(from + i, ${16 * v});`)}
${each((v) => `      s${v} = f32x4.add(s${v}, x${v});`)}
${each((v) => `      q${v} = f32x4.add(q${v}, f32x4.mul(x${v}, x${v}));`)}
    }
    const s = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
    const q = f32x4.add(f32x4.add(q0, q1), f32x4.add(q2, q3));
    for (let i = at; i < end; i += 64) {
${each((v) => `      v128.store(to + i, f32x4.add(f32x4.mul(v128.load(from + i, ${16 * v}), q), s), ${16 * v});`)}
    }
  }
}`;

/** Sums so many numbers and their squares block by block, and writes a · x + b: what a normalization cannot do without. */
export async function sumsAndResults(count) {
  const page = 65536;
  const bytes = Math.ceil(count / 16) * 64;
  const { work } = await exportsOf(overMemory, { initialMemory: Math.ceil((2 * bytes) / page) + 1 });
  return () => work(page, page + bytes, bytes);
}
