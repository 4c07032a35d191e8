/**
 * What every layer promises, checked the same way for all of them, against what real Keras wrote (test/golden):
 * config, shapes, outputs, gradients, weights after the call and after three training steps, losses, masks; and by
 * itself: nothing leaks, config and weights carry everything, float64 runs, refusals say what is wrong.
 *
 * It runs in Node and on a page. What is particular to one layer stands in that layer's own tests.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Device } from "../../src/core/device.ts";
import type { DType } from "../../src/core/dtype.ts";
import { camelCase, type Json, type Schema } from "../../src/core/options.ts";
import { tidy } from "../../src/core/scope.ts";
import type { PartialShape } from "../../src/core/shape.ts";
import { SymbolicTensor } from "../../src/core/symbolic.ts";
import { Tensor } from "../../src/core/tensor.ts";
import { isPlainObject, leaves } from "../../src/core/tree.ts";
import { Variable } from "../../src/core/variable.ts";
import { currentDevice, info, setDevice } from "../../src/devices/current.ts";
import { referenceDevice } from "../../src/devices/reference/reference.ts";
import { isWasmAvailable } from "../../src/devices/wasm/wasm.ts";
import { input } from "../../src/layers/core/input-layer.ts";
import * as layers from "../../src/layers/index.ts";
import { baseOptions, type CallOptions, type Layer } from "../../src/layers/layer.ts";
import type { LayerClasses } from "../../src/layers/serialize.ts";
import { add, multiply, subtract } from "../../src/ops/elementwise/binary.ts";
import { valueAndGrad } from "../../src/ops/grad.ts";
import { sum } from "../../src/ops/reduce/sum.ts";
import { ones, tensor } from "../../src/ops/tensor.ts";
import { type GoldenLayer, type GoldenLayerCase, type GoldenTensor, readGolden } from "../golden/golden.ts";
import { contractDevice } from "./device.ts";

/** Of plain SGD in the golden files. */
const learningRate = 0.05;
const steps = 3;

type Config = Readonly<Record<string, Json>>;

interface TestedClass<L extends Layer> {
  new (options: never): L;
  readonly className: string;
  readonly schema: Schema;
  fromConfig(config: Config, classes: LayerClasses): L;
}

type TestedFactory = (...args: never[]) => unknown;

export interface LayerContract<L extends Layer> {
  /** Where the golden cases come from. Default: test/golden. */
  readonly read?: (className: string) => Promise<GoldenLayer>;
  /** What must be refused; every message is a snapshot. */
  readonly refuses?: Readonly<Record<string, () => unknown>>;
  /** How far numbers may be off, relative to the largest of their tensor (but at least to 1). Default 1e-5. */
  readonly tolerance?: number;
  /** Whether the numbers of a case can be compared: those of random layers cannot. Default: all can. */
  readonly comparable?: (golden: GoldenLayerCase) => boolean;
  /** Whether the weights after three steps can be compared too. Default: where the numbers can. */
  readonly comparableSteps?: (golden: GoldenLayerCase) => boolean;
  /** Classes that configs name and the project does not have. */
  readonly classes?: LayerClasses;
  /** What is done with the layer after it is built and before it gets the golden weights. */
  readonly prepare?: (layer: L, golden: GoldenLayerCase) => void | Promise<void>;
}

/** The devices by name. */
const devices: Readonly<Record<string, () => Device | Promise<Device>>> = {
  reference: () => referenceDevice,
  ...(isWasmAvailable() ? { wasm: () => contractDevice() } : {}),
};

function toTensor({ values, shape, dtype }: GoldenTensor, as: DType = "float32"): Tensor {
  if (dtype === "float32" || dtype === "float64") return tensor(values as number[], shape, as);
  return tensor(values as number[], shape, dtype === "bool" || dtype === "uint8" ? dtype : "int32");
}

/** Refuses numbers that are further off than the tolerance; where Keras has NaN, anything goes. */
function expectNear(actual: ArrayLike<number>, expected: readonly number[], tolerance: number, what: string): void {
  expect(actual.length, `${what}: number of elements`).toBe(expected.length);
  const size = expected.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 1);
  for (const [index, value] of expected.entries()) {
    const found = actual[index] as number;
    if (Number.isNaN(value) || found === value) continue;
    const error = Math.abs(found - value);
    if (!(error <= tolerance * size)) {
      expect.fail(
        `${what}: element ${index} is ${found}, Keras has ${value}; off by ${error}, allowed is ${tolerance * size}`,
      );
    }
  }
}

function expectTensor(actual: Tensor, expected: GoldenTensor, tolerance: number, what: string): void {
  expect(actual.shape, `${what}: shape`).toEqual(expected.shape);
  expectNear(actual.dataSync(), expected.values, tolerance, what);
}

/** A config with every dtype in it, inner layers' too, made float64. */
function inFloat64(json: Json): Json {
  if (Array.isArray(json)) return json.map(inFloat64);
  if (!isPlainObject(json)) return json;
  const entries = Object.entries(json).map(([key, value]) => [
    key,
    key === "dtype" || (key === "reverse_dtype" && value !== null) ? "float64" : inFloat64(value as Json),
  ]);
  return Object.fromEntries(entries);
}

/** The path below the layer, as the golden files have it. */
function pathOf(weight: Variable, layer: Layer): string {
  return weight.path.startsWith(`${layer.name}/`) ? weight.path.slice(layer.name.length + 1) : weight.path;
}

/** The shapes of the inputs with the batch unknown where it may be, in the structure the layer takes. */
function unknownBatch({ inputs, inputIsList, wholeBatch }: GoldenLayerCase): PartialShape | readonly PartialShape[] {
  const shapes = inputs.map(({ shape }) => (wholeBatch ? shape : [null, ...shape.slice(1)]));
  return inputIsList ? shapes : (shapes[0] as PartialShape);
}

/** The shapes that the outputs have with the batch unknown; where Keras knows less, those of its outputs say more. */
function outputShapes({ computeOutputShape, outputs }: GoldenLayerCase): readonly unknown[] {
  const known = (shape: readonly (number | null)[], index: number) =>
    shape.map((size, axis) => (axis > 0 ? (size ?? outputs[index]?.shape[axis]) : size));
  const several = Array.isArray(computeOutputShape[0]);
  return several
    ? (computeOutputShape as unknown as (readonly (number | null)[])[]).map(known)
    : known(computeOutputShape, 0);
}

/** One shape as it is; of several a list without lists in it, as the golden files have it. */
function flatShapes(shapes: unknown): unknown {
  const isShape = (each: unknown) => Array.isArray(each) && !each.some(Array.isArray);
  const flat = (each: unknown): unknown[] => (isShape(each) ? [each] : (each as unknown[]).flatMap(flat));
  return isShape(shapes) ? shapes : flat(shapes);
}

/** Calls `check`; whatever it makes and disposes, nothing may be left alive. */
async function withoutLeaks(check: () => void | Promise<void>): Promise<void> {
  const before = info().memory;
  await check();
  const after = info().memory;
  expect({ storages: after.storages, bytes: after.bytes }, "live memory after disposing of everything").toEqual({
    storages: before.storages,
    bytes: before.bytes,
  });
}

/** A layer made of the golden config, with the golden weights, and its golden inputs. */
class Subject<L extends Layer> {
  readonly layer: L;
  readonly golden: GoldenLayerCase;
  readonly inputs: readonly Variable[];
  readonly masks: readonly (Tensor | undefined)[];
  readonly cotangents: readonly Tensor[];
  /** What else the call is told. */
  readonly told: Readonly<Record<string, unknown>>;

  private constructor(layer: L, golden: GoldenLayerCase) {
    this.layer = layer;
    this.golden = golden;
    const hold = (value: Tensor) => {
      const variable = new Variable(value);
      value.dispose();
      return variable;
    };
    this.inputs = golden.inputs.map((each) => hold(toTensor(each, layer.dtype)));
    const masks = golden.mask === null ? [] : Array.isArray(golden.mask) ? golden.mask : [golden.mask];
    this.masks = masks.map((mask: GoldenTensor | null) => (mask ? toTensor(mask) : undefined));
    this.cotangents = golden.cotangent.map((each) => toTensor(each, layer.dtype));
    const told = Object.entries(golden.arguments ?? {}).map(([name, value]) => [
      camelCase(name),
      isPlainObject(value) && "values" in value ? toTensor(value as unknown as GoldenTensor) : value,
    ]);
    this.told = Object.fromEntries(told);
  }

  static async make<L extends Layer>(
    layerClass: TestedClass<L>,
    golden: GoldenLayerCase,
    { prepare, classes }: LayerContract<L>,
    config: Config = golden.config as Config,
  ): Promise<Subject<L>> {
    const layer = layerClass.fromConfig(config, { ...layers, ...classes });
    layer.build(unknownBatch(golden));
    await prepare?.(layer, golden);
    const subject = new Subject(layer, golden);
    subject.setWeights();
    return subject;
  }

  /** Gives the layer the weights that Keras's had. */
  setWeights(): void {
    const { layer, golden } = this;
    const found = layer.weights.map((weight) => ({
      path: pathOf(weight, layer),
      shape: weight.shape,
      trainable: layer.trainableWeights.includes(weight),
    }));
    expect(found, "weights").toEqual(golden.weights.map(({ path, shape, trainable }) => ({ path, shape, trainable })));
    golden.weights.forEach((given, index) => {
      const weight = layer.weights[index] as Variable;
      const value = tensor(given.values as number[], given.shape, weight.dtype);
      weight.assign(value);
      value.dispose();
    });
  }

  /** One call as Keras made it; with masks on the inputs. */
  call(more: CallOptions = {}): Tensor[] {
    const { golden, inputs, masks, layer } = this;
    const tensors = inputs.map((variable, index) => {
      const value = variable.value;
      value.mask = masks[index];
      return value;
    });
    const options = { ...this.told, ...(golden.training === null ? {} : { training: golden.training }), ...more };
    return leaves(layer.apply(golden.inputIsList ? tensors : (tensors[0] as Tensor), options)) as Tensor[];
  }

  /** The sum of outputs × cotangent and, where asked for, of the losses. */
  objective(outputs: readonly Tensor[], withLosses: boolean): Tensor {
    const terms = outputs.map((output, index) => sum(multiply(output, this.cotangents[index] as Tensor)));
    const losses = withLosses ? this.layer.losses : [];
    return [...terms, ...losses].reduce((total, term) => add(total, term));
  }

  dispose(): void {
    this.layer.dispose();
    const told = Object.values(this.told).filter((value) => value instanceof Tensor);
    for (const each of [...this.inputs, ...this.masks, ...this.cotangents, ...told]) each?.dispose();
  }
}

function isFloatTensor({ dtype }: GoldenTensor): boolean {
  return dtype === "float32" || dtype === "float64";
}

/** One step of plain SGD, constraints applied. */
function descend(weights: readonly Variable[], gradients: readonly Tensor[]): void {
  tidy(() => {
    weights.forEach((weight, index) => {
      const updated = subtract(weight.value, multiply(gradients[index] as Tensor, learningRate));
      weight.assign(weight.constraint ? weight.constraint(updated) : updated);
    });
  });
}

/** Calls the layer, lets the outputs be looked at, and compares the gradients with Keras's. */
function expectGradients<L extends Layer>(
  subject: Subject<L>,
  tolerance: number,
  look: (outputs: readonly Tensor[]) => void,
): void {
  const { layer, inputs, golden } = subject;
  const floats = inputs.filter((_, index) => isFloatTensor(golden.inputs[index] as GoldenTensor));
  const trainable = layer.trainableWeights;
  const { value, gradients } = valueAndGrad(() => {
    const outputs = subject.call();
    look(outputs);
    return subject.objective(outputs, false);
  }, [...floats, ...trainable])();
  const expected = [...golden.inputGradients.filter((each) => each !== null), ...golden.weightGradients];
  expected.forEach((each, index) => {
    const what =
      index < floats.length ? `gradient of input ${index}` : `gradient of ${trainable[index - floats.length]}`;
    expectTensor(gradients[index] as Tensor, each, tolerance, what);
  });
  dispose([value, ...gradients]);
}

function dispose(tensors: readonly (Tensor | undefined)[]): void {
  for (const each of tensors) each?.dispose();
}

/** The same, for acts that make tensors of their own: those are freed, so that what the layer leaves behind is seen. */
export function tidied(acts: Readonly<Record<string, () => unknown>>): Record<string, () => unknown> {
  return Object.fromEntries(Object.entries(acts).map(([name, act]) => [name, () => tidy(act)]));
}

/**
 * Checks a layer class; to be awaited at the top of its test file.
 *
 * @param makeLayer The layer's factory, as `layers.*` has it.
 */
export async function layerContract<L extends Layer>(
  layerClass: TestedClass<L>,
  makeLayer: TestedFactory,
  contract: LayerContract<L> = {},
): Promise<void> {
  const {
    read = readGolden,
    refuses = {},
    tolerance = 1e-5,
    comparable = () => true,
    comparableSteps = () => true,
  } = contract;
  const { className } = layerClass;
  const classes = { ...layers, ...contract.classes };
  const { cases } = await read(className);
  const create = makeLayer as (...args: unknown[]) => unknown;
  const everyCase = cases.map((golden) => [golden.name, golden] as const);
  const compared = everyCase.filter(([, golden]) => comparable(golden));
  const make = (golden: GoldenLayerCase, config?: Config) => Subject.make(layerClass, golden, contract, config);
  /** What a user would write for a golden case. */
  const optionsOf = (golden: GoldenLayerCase): Record<string, unknown> => {
    const made = layerClass.fromConfig(golden.config as Config, classes) as unknown as Record<string, unknown>;
    const names = Object.keys({ ...baseOptions, ...layerClass.schema }).filter((name) => name !== "weights");
    return Object.fromEntries(names.map((name) => [name, made[name]]));
  };

  describe(`${className} as Keras has it`, () => {
    test.each(everyCase)("config: %s", async (_name, golden) => {
      await withoutLeaks(async () => {
        const layer = layerClass.fromConfig(golden.config as Config, classes);
        expect(layer.getConfig()).toEqual(golden.config);
        layer.build(unknownBatch(golden));
        expect(layer.getConfig(), "after build").toEqual(golden.config);
        const again = layerClass.fromConfig(layer.getConfig(), classes);
        expect(again.getConfig(), "of a layer made of its config").toEqual(golden.config);
        layer.dispose();
        again.dispose();
      });
    });

    test.each(everyCase)("shapes and weights: %s", async (_name, golden) => {
      await withoutLeaks(async () => {
        const subject = await make(golden);
        const { layer } = subject;
        expect(layer.countParams(), "countParams").toBe(golden.countParams);
        expect(
          layer.trainableWeights.map((weight) => pathOf(weight, layer)),
          "trainableWeights",
        ).toEqual(golden.trainableWeights);
        expect(flatShapes(layer.computeOutputShape(unknownBatch(golden))), "computeOutputShape").toEqual(
          outputShapes(golden),
        );
        const symbolic = golden.inputs.map(({ shape, dtype }) =>
          input({
            batchShape: [golden.wholeBatch ? (shape[0] as number) : null, ...shape.slice(1)],
            dtype: dtype === "int64" ? "int32" : (dtype as "float32"),
          }),
        );
        const output = layer.apply(golden.inputIsList ? symbolic : (symbolic[0] as SymbolicTensor));
        const shapes = leaves(output).map((each) => (each as SymbolicTensor).shape);
        const severalOutputs = Array.isArray(golden.computeOutputShape[0]);
        expect(severalOutputs ? shapes : shapes[0], "symbolic shape").toEqual(outputShapes(golden));
        subject.dispose();
      });
    });
  });

  describe.each(Object.entries(devices))(`${className} on %s`, (_device, makeDevice) => {
    let before: Device;
    beforeAll(async () => {
      before = currentDevice();
      setDevice(await makeDevice());
    });
    afterAll(() => setDevice(before));

    test.each(compared)("one call: %s", async (_name, golden) => {
      await withoutLeaks(async () => {
        const subject = await make(golden);
        const { layer } = subject;
        expectGradients(subject, tolerance, (outputs) => {
          const losses = layer.losses.reduce((total, loss) => total + (loss.dataSync()[0] as number), 0);
          outputs.forEach((output, index) => {
            const expected = golden.outputs[index] as GoldenTensor;
            expect(output.dtype, "dtype of the output").toBe(isFloatTensor(expected) ? "float32" : output.dtype);
            expectTensor(output, expected, tolerance, `output ${index}`);
          });
          const mask = outputs[0]?.mask;
          if (golden.outputMask) expectTensor(mask as Tensor, golden.outputMask, 0, "mask of the output");
          else expect(mask, "mask of the output").toBeUndefined();
          expect(outputs.length, "number of outputs").toBe(golden.outputs.length);
          expectNear([losses], [golden.losses], tolerance, "losses");
        });
        layer.weights.forEach((weight, index) => {
          expectNear(
            weight.value.dataSync(),
            golden.weightsAfterCall[index] as number[],
            tolerance,
            `${weight} after the call`,
          );
        });
        subject.dispose();
      });
    });

    // What remembers its last call begins anew at each step of Keras's.
    const trained = ([, golden]: (typeof compared)[number]) =>
      golden.trainableWeights.length > 0 && !golden.wholeBatch && comparableSteps(golden);
    test.each(compared.filter(trained))("three training steps: %s", async (_name, golden) => {
      await withoutLeaks(async () => {
        const subject = await make(golden);
        const { layer } = subject;
        for (let step = 0; step < steps; step++) {
          const weights = layer.trainableWeights;
          const { value, gradients } = valueAndGrad(() => subject.objective(subject.call(), true), weights)();
          const start = weights.map((weight) => weight.value.dataSync());
          descend(weights, gradients);
          weights.forEach((weight, index) => {
            const gradient = golden.weightGradients[index] as GoldenTensor;
            const isRounding = gradient.values.every((each) => Math.abs(each) < 1e-6);
            if (step > 0 || weight.constraint || isRounding) return;
            expect(weight.value.dataSync(), `${weight} after a step`).not.toEqual(start[index]);
          });
          dispose([value, ...gradients]);
        }
        layer.weights.forEach((weight, index) => {
          const expected = golden.weightsAfterThreeSteps[index] as number[];
          expectNear(weight.value.dataSync(), expected, tolerance, `${weight} after ${steps} steps`);
        });
        subject.dispose();
      });
    });

    test.each(compared)("in float64, and again from config and weights: %s", async (_name, golden) => {
      await withoutLeaks(async () => {
        const subject = await make(golden, inFloat64(golden.config as Config) as Config);
        expectGradients(subject, tolerance, (outputs) => {
          outputs.forEach((output, index) => {
            const expected = golden.outputs[index] as GoldenTensor;
            if (isFloatTensor(expected)) expect(output.dtype, "dtype of the output").toBe("float64");
            expectTensor(output, expected, tolerance, `output ${index}`);
          });
        });
        subject.dispose();

        const first = await make(golden);
        const second = await make(golden, first.layer.getConfig());
        const weights = first.layer.getWeights();
        second.layer.setWeights(weights);
        const [a, b] = [first.call(), second.call()];
        a.forEach((output, index) => {
          expect((b[index] as Tensor).dataSync(), `output ${index} of a copy`).toEqual(output.dataSync());
        });
        dispose([...a, ...b, ...weights]);
        first.dispose();
        second.dispose();
      });
    });
  });

  describe(className, () => {
    test("the factory makes the layer, and applies it to what it is given to compose with", async () => {
      await withoutLeaks(async () => {
        const [golden] = cases as readonly [GoldenLayerCase];
        const layer = create(optionsOf(golden)) as L;
        expect(layer).toBeInstanceOf(layerClass);
        layer.dispose();
        const symbolic = golden.inputs.map(({ shape, dtype }) =>
          input({ batchShape: shape, dtype: dtype === "int64" ? "int32" : (dtype as "float32") }),
        );
        const output = create(golden.inputIsList ? symbolic : symbolic[0], optionsOf(golden));
        for (const each of leaves(output)) {
          expect(each).toBeInstanceOf(SymbolicTensor);
          (((each as SymbolicTensor).node as NonNullable<SymbolicTensor["node"]>).operation as L).dispose();
        }
      });
    });

    test("unknown options and options of other kinds are refused", () => {
      const [golden] = cases as readonly [GoldenLayerCase];
      const options = optionsOf(golden);
      const badOptions = [
        { ...options, colour: "red" },
        { ...options, name: "" },
        { ...options, trainable: 1 },
      ];
      for (const bad of badOptions) expect(() => create({ ...bad })).toThrowErrorMatchingSnapshot();
    });

    const masked = cases.find(({ inputs, wholeBatch }) => !wholeBatch && inputs.every(({ shape }) => shape.length > 0));
    test.runIf(masked)("masks of another shape are refused by layers that use them or pass them on", async () => {
      const golden = masked as GoldenLayerCase;
      await withoutLeaks(async () => {
        const subject = await make(golden);
        const { label, supportsMasking } = subject.layer;
        const masks = golden.inputs.map(({ shape }) => ones([(shape[0] as number) + 1, 7], "bool"));
        const mask = golden.inputIsList ? masks : (masks[0] as Tensor);
        if (supportsMasking) {
          expect(() => tidy(() => subject.call({ mask }))).toThrow(`${label}: `);
          expect(() => tidy(() => subject.call({ mask }))).toThrow(/mask.*\[\d+, 7\]/);
        }
        dispose(masks);
        subject.dispose();
      });
    });

    if (Object.keys(refuses).length > 0) {
      test.each(Object.entries(refuses))("refuses %s", (_name, act) => {
        const { storages } = info().memory;
        expect(act).toThrowErrorMatchingSnapshot();
        expect(info().memory.storages, "live memory after refusing").toBe(storages);
      });
    }
  });
}
