/**
 * Reads the golden fixtures of this folder: numbers and configs that real Keras wrote (see README.md).
 * It only reads and types; comparing is the tests' own business, and nothing here imports the project.
 */

/** A number as the fixtures hold it: JSON has no NaN and no infinities, so those are words. */
type Written = number | boolean | "NaN" | "Infinity" | "-Infinity";

export type GoldenDtype = "float32" | "float64" | "int32" | "int64" | "uint32" | "uint8" | "bool";

/** Values in row-major order; booleans come as 0 and 1. */
export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly dtype: GoldenDtype;
  readonly values: readonly number[];
}

/** JSON exactly as Keras writes it: snake case, class names, nested serialized objects. */
export type KerasJson = null | boolean | number | string | readonly KerasJson[] | { readonly [key: string]: KerasJson };
export type KerasConfig = { readonly [key: string]: KerasJson };

/** What every file begins with. */
export interface GoldenHeader {
  /** Keras's version. */
  readonly keras: string;
  /** The backend that computed, with its version. */
  readonly backend: string;
}

export interface GoldenWeight extends GoldenTensor {
  /** The name below the layer: `gamma`, or `dense/kernel` inside a wrapper. */
  readonly path: string;
  readonly trainable: boolean;
}

/** An unknown size (the batch) is null. */
export type GoldenShape = readonly (number | null)[];

export interface GoldenLayerCase {
  readonly name: string;
  /** What is surprising in this case. */
  readonly note?: string;
  /** `get_config()` before the layer is built. */
  readonly config: KerasConfig;
  /** `get_config()` after building, only where Keras changes it. */
  readonly configAfterBuild?: KerasConfig;
  readonly buildConfig: KerasJson;
  /** Whether the inputs go in as one list (the merging layers). */
  readonly inputIsList: boolean;
  readonly inputs: readonly GoldenTensor[];
  /** One mask, or one for each input where `inputIsList`. */
  readonly mask: GoldenTensor | readonly (GoldenTensor | null)[] | null;
  /** As given to the call; null where the call was not told. */
  readonly training: boolean | null;
  /** In the order of Keras's `layer.weights`. */
  readonly weights: readonly GoldenWeight[];
  readonly outputs: readonly GoldenTensor[];
  readonly outputMask: GoldenTensor | null;
  /** The gradients below are those of sum(outputs × cotangent). */
  readonly cotangent: readonly GoldenTensor[];
  /** null for integer inputs. */
  readonly inputGradients: readonly (GoldenTensor | null)[];
  /** One for each trainable weight, in order. */
  readonly weightGradients: readonly GoldenTensor[];
  /** All weights after this one call, in order. */
  readonly weightsAfterCall: readonly (readonly number[])[];
  /** All weights after three steps of plain SGD, learning rate 0.05, on sum(outputs × cotangent) + sum(losses). */
  readonly weightsAfterThreeSteps: readonly (readonly number[])[];
  /**
   * Only where the call overwrites a trainable weight (SpectralNormalization): what comes out when the
   * gradient is taken with respect to the value before the call and the overwriting is forgotten.
   */
  readonly throughAssignment?: {
    readonly weightGradients: readonly GoldenTensor[];
    readonly weightsAfterThreeSteps: readonly (readonly number[])[];
  };
  /** The sum of `layer.losses` of the first call. */
  readonly losses: number;
  /** Paths of the trainable weights, in order. */
  readonly trainableWeights: readonly string[];
  readonly countParams: number;
  /** With the batch unknown; a list of shapes where there are several outputs. */
  readonly computeOutputShape: GoldenShape;
  /** Normalization only: the batches it was adapted on. */
  readonly adaptedOn?: readonly GoldenTensor[];
}

export interface GoldenLayer extends GoldenHeader {
  readonly layer: string;
  readonly cases: readonly GoldenLayerCase[];
}

/** The numbers of a file, with the words for NaN and the infinities decoded and booleans as 0 and 1. */
function decodeNumbers(values: readonly Written[]): number[] {
  return values.map(Number);
}

const NUMBER_WORDS = new Set<unknown>(["NaN", "Infinity", "-Infinity"]);

/**
 * Decodes what JSON cannot say, everywhere in a file: a tensor's values become numbers, and so does every
 * other NaN or Infinity. Configs keep the words: there they may be names.
 */
function decode(value: unknown): unknown {
  if (NUMBER_WORDS.has(value)) return Number(value);
  if (Array.isArray(value)) return value.map(decode);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, entry]) => {
    if (key === "values" && Array.isArray(entry)) return [key, decodeNumbers(entry)];
    return [key, /^(config|configAfterBuild|buildConfig)$/.test(key) ? entry : decode(entry)];
  });
  return Object.fromEntries(entries);
}

/** Reads a file of this folder as text; the one place that touches a file system, or the network in a browser. */
async function readText(path: string): Promise<string> {
  const url = new URL(path, import.meta.url);
  if (url.protocol === "file:") {
    const { readFile } = await import("node:fs/promises");
    return readFile(url, "utf8");
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`golden file ${path}: the server answered ${response.status}`);
  return response.text();
}

/** Any golden file, decoded: `readGoldenFile("losses.json")`. */
export async function readGoldenFile<T extends GoldenHeader>(path: string): Promise<T> {
  return decode(JSON.parse(await readText(path))) as T;
}

/** A layer's golden cases by its Keras class name: `await readGolden("Dense")`. */
export function readGolden(layer: string): Promise<GoldenLayer> {
  return readGoldenFile<GoldenLayer>(`layers/${layer}.json`);
}
