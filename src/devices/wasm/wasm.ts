/**
 * The WebAssembly device: one linear memory, SIMD kernels, and threads where memory can be shared (`threads.ts`).
 * The kernels are embedded in the package and compiled on first use. Ops without a kernel run their plain loops
 * directly on the linear memory; ops without loops are their `reference`.
 */
import type { Device, Operand } from "../../core/device.ts";
import { arrayClassOf, bytesOf, type TypedArray } from "../../core/dtype.ts";
import { OutOfMemoryError } from "../../core/errors.ts";
import type { KernelBinary, KernelCall, OpRecord, Pointer, View, Workspace } from "../../core/op.ts";
import { live } from "../../core/storage.ts";
import { viewsOf } from "../reference/reference.ts";
import { Allocator } from "./allocator.ts";
import { binaryOf } from "./binary.ts";
import { kernels as common } from "./kernels.generated.ts";
import { controlBytes, sharingAvailable, Threads } from "./threads.ts";

type KernelFunction = (...args: number[]) => void;

const pageBytes = 65536;
/** WebAssembly addresses end at 4 GiB; where even reserving that much is refused, less must do. */
const maximumPages = [65536, 32768, 16384];
/** A call that touches fewer bytes is over before another thread could take its share. */
const largeBytes = 1 << 16;
/**
 * Into so many calls a large one falls that runs on one thread: engines start with quickly made machine code and put
 * better code in its place at the next call, so one long call would run the slow code to its end.
 */
const largeCalls = 16;

/** A module whose only function needs the feature: valid where the engine has it. */
const probes = {
  // (func (result v128) i32.const 0 i8x16.splat)
  simd: [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11],
  // (func (param v128 v128 v128) (result v128) local.get 0 local.get 1 local.get 2 f32x4.relaxed_madd)
  relaxed: [
    0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 123, 123, 123, 1, 123, 3, 2, 1, 0, 10, 13, 1, 11, 0, 32, 0, 32, 1, 32,
    2, 253, 133, 2, 11,
  ],
};

function supports(feature: keyof typeof probes): boolean {
  return typeof WebAssembly === "object" && WebAssembly.validate(new Uint8Array(probes[feature]));
}

/** Whether this engine has WebAssembly with SIMD. */
export function isWasmAvailable(): boolean {
  return supports("simd");
}

/** The largest memory that is to be had. */
function createMemory(shared: boolean): { memory: WebAssembly.Memory; maximum: number } {
  let refusal: unknown;
  for (const maximum of maximumPages) {
    try {
      return { memory: new WebAssembly.Memory({ initial: 16, maximum, shared }), maximum };
    } catch (error) {
      refusal = error;
    }
  }
  throw new OutOfMemoryError(`wasm: cannot reserve memory: ${refusal}`);
}

export interface WasmOptions {
  /** Whether to use fused multiply-add where the engine has it. Default true. */
  readonly relaxed?: boolean;
  /** Fill memory that is handed out with NaN, so that a kernel that reads what nobody wrote is found. Default false. */
  readonly poison?: boolean;
  /** How many threads work at once; "auto" is one for each that the processor runs at once. Default 1. */
  readonly threads?: number | "auto";
  /** How many bytes a call has to touch to be shared between threads; less is for tests. Default 64 kB. */
  readonly sharedFrom?: number;
}

/** The WebAssembly device, with what only it can be told. */
export interface WasmDevice extends Device {
  /** Undefined where memory cannot be shared. */
  readonly threads: Threads | undefined;
}

/** A new device with its own memory. @internal */
export function createWasmDevice({
  relaxed = true,
  poison = false,
  threads: count = 1,
  sharedFrom = largeBytes,
}: WasmOptions = {}): WasmDevice {
  const useRelaxed = relaxed && supports("relaxed");
  const sharing = sharingAvailable();
  const { memory, maximum } = createMemory(sharing.available);
  const kernels: Record<string, KernelFunction> = {};
  const compile = (given: KernelBinary) => {
    const binary = binaryOf(given, useRelaxed);
    binary[given.memoryFlagsAt] = sharing.available ? 3 : 1;
    const module = new WebAssembly.Module(binary);
    const { exports } = new WebAssembly.Instance(module, {
      env: {
        memory,
        abort: (_message: number, _file: number, line: number, column: number) => {
          throw new Error(`A kernel aborted at ${line}:${column}`);
        },
      },
    });
    Object.assign(kernels, exports);
    return { binary, module, names: Object.keys(exports) };
  };
  const { module, names } = compile(common);
  const control = Math.ceil((kernels.heapBase as () => number)() / 64) * 64;
  const threads = sharing.available ? new Threads({ module, memory, control, names }, count) : undefined;
  const allocator = new Allocator(control + controlBytes, (end) => {
    const missing = Math.ceil(end / pageBytes) - memory.buffer.byteLength / pageBytes;
    if (missing <= 0) return true;
    const pages = memory.buffer.byteLength / pageBytes;
    // Growing costs a system call each time, so grow by a quarter at least, as long as that is to be had.
    for (const step of [Math.max(missing, Math.ceil(pages / 4)), missing]) {
      try {
        if (pages + step > maximum) continue;
        memory.grow(step);
        return true;
      } catch {}
    }
    return false;
  });

  const allocate = (byteLength: number): number => {
    const address = allocator.allocate(byteLength);
    if (address === undefined) {
      throw new OutOfMemoryError(
        `wasm: cannot allocate ${byteLength} bytes; ${live.bytes} bytes are live in ${live.storages} tensors and the memory ends at ${maximum * pageBytes}. Use a smaller batch, or dispose of what is not needed`,
      );
    }
    if (poison) new Uint8Array(memory.buffer, address, Allocator.rounded(byteLength)).fill(0xff);
    return address;
  };
  const compiled = new Set<KernelBinary>();
  /** Compiles what an op has for itself, the first time that it runs. */
  const compileFor = ({ kernels: own }: OpRecord) => {
    if (!own || compiled.has(own)) return;
    const { binary, names } = compile(own);
    if (threads) {
      const at = allocate(binary.length);
      new Uint8Array(memory.buffer, at).set(binary);
      threads.add(names, at, binary.length);
    }
    // Only now: without memory for it, the next op tries again, and no worker meets kernels that it has not.
    compiled.add(own);
  };
  const viewOf = ({ handle, dtype, size }: Pick<Operand, "handle" | "dtype" | "size">): TypedArray =>
    new (arrayClassOf(dtype))(memory.buffer, handle as number, size);
  const pointersOf = (operands: Readonly<Record<string, Operand | undefined>>) => {
    const pointers: Record<string, Pointer | undefined> = {};
    for (const name in operands) {
      const operand = operands[name];
      if (operand) {
        pointers[name] = {
          at: operand.handle as number,
          shape: operand.shape,
          dtype: operand.dtype,
          size: operand.size,
        };
      }
    }
    return pointers;
  };
  const run = ({ kernel, args, pieces }: KernelCall, isLarge: boolean) => {
    const compute = kernels[kernel] as KernelFunction;
    if (isLarge && pieces > 1 && threads?.run(kernel, compute, args, pieces)) return;
    const calls = isLarge ? Math.min(pieces, largeCalls) : Math.min(pieces, 1);
    for (let call = 0; call < calls; call++) {
      compute(...args, Math.floor((call * pieces) / calls), Math.floor(((call + 1) * pieces) / calls));
    }
  };

  return {
    threads,
    name: "wasm",
    synchronous: true,
    concrete: true,
    allocate,
    free: (handle, byteLength) => allocator.free(handle as number, byteLength),
    write(handle, values, at = 0) {
      const begin = (handle as number) + at * values.BYTES_PER_ELEMENT;
      new (values.constructor as Uint8ArrayConstructor)(memory.buffer, begin, values.length).set(values);
    },
    copy(from, to, byteLength) {
      new Uint8Array(memory.buffer).copyWithin(to as number, from as number, (from as number) + byteLength);
    },
    readSync: (handle, dtype, size) => viewOf({ handle, dtype, size }).slice() as TypedArray,
    read: async (handle, dtype, size, at = 0) =>
      viewOf({ handle: (handle as number) + at * bytesOf(dtype), dtype, size }).slice() as TypedArray,
    execute(record: OpRecord, inputs, outputs, attributes) {
      if (record.wasm) {
        const temporaries: [number, number][] = [];
        const workspace: Workspace = {
          temporary(byteLength) {
            const address = allocate(byteLength);
            temporaries.push([address, byteLength]);
            return address;
          },
          int32(values) {
            const address = workspace.temporary(values.length * bytesOf("int32"));
            new Int32Array(memory.buffer, address, values.length).set(values);
            return address;
          },
        };
        try {
          const calls = record.wasm(
            pointersOf(inputs),
            pointersOf(outputs) as Record<string, Pointer>,
            attributes,
            workspace,
          );
          if (calls) {
            compileFor(record);
            const isLarge = bytesIn(inputs) + bytesIn(outputs) >= sharedFrom;
            if (Array.isArray(calls)) for (const each of calls) run(each, isLarge);
            else run(calls as KernelCall, isLarge);
            return true;
          }
        } finally {
          for (const [address, byteLength] of temporaries) allocator.free(address, byteLength);
        }
      }
      if (!record.loops) return false;
      record.loops(viewsOf(inputs, viewOf), viewsOf(outputs, viewOf) as Record<string, View>, attributes);
      return true;
    },
    prepare(record, inputs, outputs, attributes, workspace) {
      const calls = record.wasm?.(inputs, outputs, attributes, workspace);
      if (calls) {
        compileFor(record);
        const isLarge = bytesIn(inputs) + bytesIn(outputs) >= sharedFrom;
        const list = (Array.isArray(calls) ? calls : [calls]) as readonly KernelCall[];
        return () => {
          for (const each of list) run(each, isLarge);
        };
      }
      if (!record.loops) return undefined;
      return () => {
        record.loops?.(viewsOf(inputs, viewOf), viewsOf(outputs, viewOf) as Record<string, View>, attributes);
      };
    },
    describe: () => ({
      name: "wasm",
      simd: true,
      relaxedSimd: useRelaxed,
      threads: threads?.running ?? 1,
      threadsBecause: threads?.because ?? sharing.reason,
      memoryBytes: memory.buffer.byteLength,
    }),
  };
}

function bytesIn(operands: Readonly<Record<string, Operand | undefined>>): number {
  let bytes = 0;
  for (const name in operands) {
    const operand = operands[name];
    if (operand) bytes += operand.size * bytesOf(operand.dtype);
  }
  return bytes;
}

let shared: WasmDevice | undefined;

/** The device that `setDevice("wasm")` means, made on first use. */
export function wasmDevice(): WasmDevice {
  shared ??= createWasmDevice({ threads: "auto" });
  return shared;
}
