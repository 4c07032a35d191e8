import { afterEach, expect, test } from "vitest";
import { opContract } from "../../test/contracts/op-contract.ts";
import { VarveError } from "../core/errors.ts";
import { inScope, tidy } from "../core/scope.ts";
import { info, setDevice } from "../devices/current.ts";
import { add } from "./elementwise/binary.ts";
import { full, ones, tensor, zeros } from "./tensor.ts";

afterEach(() => setDevice("wasm"));

opContract("full", full, {
  examples: [
    [[2, 3], 7],
    [[0], 1, "int32"],
    [[], 0.1, "float64"],
    [[2], 1, "bool"],
  ],
});
opContract("zeros", zeros, { examples: [[[2, 3]], [[700], "uint8"]] });
opContract("ones", ones, { examples: [[[2, 3]], [[700], "int32"]] });

test.each(["wasm", "reference"] as const)("values go in and come out unchanged on %s", async (device) => {
  setDevice(device);
  using x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect(x.shape).toEqual([2, 3]);
  expect(x.dtype).toBe("float32");
  expect(await x.array()).toEqual([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect(x.dataSync()).toEqual(new Float32Array([1, 2, 3, 4, 5, 6]));
  using scalar = tensor(7);
  expect(scalar.shape).toEqual([]);
  expect(await scalar.array()).toBe(7);
  using empty = tensor([[], []]);
  expect(empty.shape).toEqual([2, 0]);
  expect(await empty.array()).toEqual([[], []]);
  using flags = tensor([true, false]);
  expect(flags.dtype).toBe("bool");
  expect(await flags.array()).toEqual([true, false]);
  using doubles = tensor(new Float64Array([1 / 3]));
  expect(doubles.dtype).toBe("float64");
  expect(await doubles.array()).toEqual([1 / 3]);
  using pixels = tensor(new Uint8ClampedArray([1, 255]), [2, 1]);
  expect(pixels.dtype).toBe("uint8");
  using special = tensor([Number.NaN, Number.POSITIVE_INFINITY, -0]);
  expect(await special.array()).toEqual([Number.NaN, Number.POSITIVE_INFINITY, -0]);
  using integers = tensor([2 ** 31 - 1, -(2 ** 31)], [2], "int32");
  expect(await integers.array()).toEqual([2147483647, -2147483648]);
  using copied = tensor(integers, [1, 2]);
  expect(await copied.array()).toEqual([[2147483647, -2147483648]]);
});

test("rows may be typed arrays", async () => {
  using x = tensor([Float32Array.of(1, 2), Float32Array.of(3, 4)]);
  expect([x.shape, x.dtype]).toEqual([[2, 2], "float32"]);
  expect(await x.array()).toEqual([
    [1, 2],
    [3, 4],
  ]);
  using deep = tensor([[Int32Array.of(1)], [Int32Array.of(2)]]);
  expect([deep.shape, deep.dtype]).toEqual([[2, 1, 1], "int32"]);
  using mixed = tensor([[0.5, 1], Uint8Array.of(2, 3)]);
  expect([await mixed.array(), mixed.dtype]).toEqual([
    [
      [0.5, 1],
      [2, 3],
    ],
    "float32",
  ]);
  expect(() => tensor([Float32Array.of(1, 2), Float32Array.of(3)])).toThrow("[1] has 1 element");
  expect(() => tensor([Float32Array.of(1), [[2]]])).toThrow("ragged");
  expect(() => tensor([x] as never)).toThrow("ops.stack");
});

test("a dtype in the place of the shape is told where it goes", () => {
  for (const given of ["int32", { dtype: "int32" }]) {
    expect(() => tensor([1], given as never)).toThrow('as in tensor(values, undefined, "int32")');
  }
});

test("filled tensors", async () => {
  using a = zeros([2, 1]);
  using b = ones([2], "int32");
  using c = full([], 0.5, "float64");
  expect([await a.array(), await b.array(), await c.array()]).toEqual([[[0], [0]], [1, 1], 0.5]);
});

test("what cannot be a tensor is refused, and nothing is left behind", () => {
  const before = info().memory.storages;
  const attempts: (() => unknown)[] = [
    () => tensor([[1, 2], [3]]),
    () => tensor([[1, 2], 3]),
    () => tensor([1, [2]]),
    () => tensor([1, "2" as never]),
    () => tensor(undefined as never),
    () => tensor([1, 2, 3], [2, 2]),
    () => tensor([1, 2], [-2]),
    () => tensor([1.5, 3e9], [2], "int32"),
    () => tensor([256], [1], "uint8"),
    () => tensor([Number.NaN], [1], "int32"),
    () => tensor([1], [1], "float16" as never),
    () => tensor(new BigInt64Array(2) as never),
  ];
  const messages = attempts.map((attempt) => {
    try {
      attempt();
      return "accepted";
    } catch (error) {
      return String(error);
    }
  });
  expect(messages).toMatchSnapshot();
  expect(info().memory.storages).toBe(before);
});

test("use after dispose is a named error; disposing twice is nothing", async () => {
  const x = tensor([1, 2]);
  x.dispose();
  x.dispose();
  expect(() => x.dataSync()).toThrowErrorMatchingInlineSnapshot(
    `[DisposedError: A tensor of shape [2] was used after it was disposed, or after the tidy() that made it ended; return it from there to keep it]`,
  );
  await expect(x.data()).rejects.toThrow("after it was disposed");
  expect(() => add(x, 1)).toThrow("after it was disposed");
});

test("tidy frees what is made and not returned, also when it throws", () => {
  const before = info().memory;
  const kept = tidy(() => {
    const x = add(tensor([1]), 1);
    add(x, x);
    return { list: [x] };
  });
  expect(info().memory.storages).toBe(before.storages + 1);
  kept.list[0]?.dispose();
  expect(info().memory.storages).toBe(before.storages);
  expect(info().memory.bytes).toBe(before.bytes);
  expect(() =>
    tidy(() => {
      tensor([1, 2]);
      throw new Error("mine");
    }),
  ).toThrow("mine");
  expect(info().memory.storages).toBe(before.storages);
  expect(() => tidy(async () => 1)).toThrow(VarveError);
});

test("scopes nest: the inner one's results belong to the outer one", () => {
  const before = info().memory.storages;
  tidy(() => {
    const inner = inScope(() => add(tensor([1]), 1));
    expect(info().memory.storages).toBe(before + 1);
    expect(inner.dataSync()[0]).toBe(2);
  });
  expect(info().memory.storages).toBe(before);
});

test("operands on two devices are refused", () => {
  using x = tensor([1]);
  setDevice("reference");
  using y = tensor([1]);
  expect(() => add(x, y)).toThrowErrorMatchingInlineSnapshot(
    `[VarveError: add: its operands are on different devices, "wasm" and "reference"; copy one over: tensor(await x.data(), x.shape)]`,
  );
  expect(() => setDevice("webgl" as never)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: setDevice: "webgl" is unknown; known are "reference", "wasm"]`,
  );
});

test("asking for more memory than there is names the amounts and harms nothing", () => {
  using x = tensor([1, 2]);
  expect(() => zeros([1 << 16, 1 << 16])).toThrow(/^wasm: cannot allocate 17179869184 bytes; \d+ bytes are live/);
  expect(x.dataSync()).toEqual(new Float32Array([1, 2]));
});
