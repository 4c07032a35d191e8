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
  /** Present and true where the layer must know the batch size when it is built. */
  readonly wholeBatch?: boolean;
  /** What a second call on the same inputs gives, where the first one is remembered. */
  readonly secondOutputs?: readonly GoldenTensor[];
  /** One mask, or one for each input where `inputIsList`. */
  readonly mask: GoldenTensor | readonly (GoldenTensor | null)[] | null;
  /** As given to the call; null where the call was not told. */
  readonly training: boolean | null;
  /** What else the call was told, in snake case. */
  readonly arguments?: { readonly [name: string]: GoldenTensor | KerasJson };
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
  /** Random layers only; everything else in their cases is inference. */
  readonly drawn?: GoldenDraw;
}

export interface GoldenLayer extends GoldenHeader {
  readonly layer: string;
  readonly cases: readonly GoldenLayerCase[];
}

/** InputLayer computes nothing; its file holds only what it says of itself. */
export interface GoldenInputLayer extends GoldenHeader {
  readonly layer: "InputLayer";
  readonly cases: readonly {
    readonly name: string;
    /** What the layer was made with. */
    readonly options: KerasConfig;
    readonly config: KerasConfig;
    readonly outputShape: GoldenShape;
    readonly outputDtype: string;
  }[];
}

/** What a random layer drew from inputs that are all `inputFill`, so that other draws can be held against it. */
export interface GoldenDraw {
  readonly inputShape: readonly number[];
  readonly inputFill: number;
  readonly mean: number;
  readonly standardDeviation: number;
  readonly least: number;
  readonly greatest: number;
  /** The share of values that equal `least` (for the dropouts: that were dropped). */
  readonly leastFraction: number;
  /** The axes along which all values are the same. */
  readonly constantAxes: readonly number[];
}

export interface GoldenActivations extends GoldenHeader {
  /** Every name Keras accepts, with the name that a config then holds. */
  readonly names: Readonly<Record<string, string>>;
  readonly cases: readonly {
    readonly name: string;
    readonly options: KerasConfig;
    readonly input: GoldenTensor;
    readonly output: GoldenTensor;
    readonly cotangent: GoldenTensor;
    readonly inputGradient: GoldenTensor;
    /** Inputs at which there is no derivative to compare. */
    readonly kinks: readonly number[];
  }[];
}

export interface GoldenLosses extends GoldenHeader {
  /** Every name Keras accepts, with the class or function behind it. */
  readonly names: Readonly<Record<string, string>>;
  readonly cases: readonly {
    readonly class: string;
    readonly name: string;
    readonly config: KerasConfig;
    readonly yTrue: GoldenTensor;
    readonly yPred: GoldenTensor;
    readonly sampleWeight: GoldenTensor | null;
    /** The mask that the predictions carry. */
    readonly mask: GoldenTensor | null;
    readonly output: GoldenTensor;
    readonly cotangent: GoldenTensor;
    /** The gradient of sum(output × cotangent) with respect to yPred. */
    readonly predictionGradient: GoldenTensor;
  }[];
}

export interface GoldenMetrics extends GoldenHeader {
  /** Every name Keras accepts, with the class behind it. */
  readonly names: Readonly<Record<string, string>>;
  readonly cases: readonly {
    readonly class: string;
    readonly name: string;
    readonly config: KerasConfig;
    readonly updates: readonly {
      readonly yTrue?: GoldenTensor;
      readonly yPred?: GoldenTensor;
      /** Mean and Sum take values instead of targets and predictions. */
      readonly values?: GoldenTensor;
      readonly sampleWeight: GoldenTensor | null;
      /** What the metric says after this update. */
      readonly result: GoldenTensor;
    }[];
    /** The state after the last update. */
    readonly variables: readonly ({ readonly name: string } & GoldenTensor)[];
    readonly resultAfterReset: GoldenTensor;
  }[];
}

export interface GoldenOptimizers extends GoldenHeader {
  /** Every name Keras accepts, with the class behind it. */
  readonly names: Readonly<Record<string, string>>;
  readonly cases: readonly {
    readonly class: string;
    readonly name: string;
    readonly config: KerasConfig;
    /** The constraint on the first weight, by name. */
    readonly constraint: string | null;
    /** Names of the weights (kernel, bias) that weight decay leaves alone. */
    readonly excludedFromWeightDecay: readonly string[] | null;
    /** A kernel [3, 4] and a bias [4]. */
    readonly start: readonly GoldenTensor[];
    readonly steps: readonly {
      readonly gradients: readonly GoldenTensor[];
      readonly weights: readonly GoldenTensor[];
      /** The learning rate that the next step will use. */
      readonly learningRate: number;
    }[];
    readonly iterations: number;
    /** All the optimizer's variables at the end, in Keras's order. */
    readonly slots: readonly ({ readonly name: string; readonly path: string } & GoldenTensor)[];
    /** With use_ema: the weights once the averages have replaced them. */
    readonly weightsAfterFinalize?: readonly GoldenTensor[];
  }[];
  readonly schedules: readonly {
    readonly class: string;
    readonly config: KerasConfig;
    readonly at: readonly number[];
    readonly values: readonly number[];
  }[];
}

export interface GoldenInitializers extends GoldenHeader {
  /** Every name Keras accepts, with the class behind it. */
  readonly names: Readonly<Record<string, string>>;
  readonly fixed: readonly {
    readonly class: string;
    readonly config: KerasConfig;
    readonly shape: readonly number[];
    readonly values: GoldenTensor;
  }[];
  readonly drawn: readonly {
    readonly class: string;
    readonly config: KerasConfig;
    readonly shape: readonly number[];
    /** By definition; the script held Keras's draws against it. The bounds are null where there are none. */
    readonly expected: {
      readonly distribution: "uniform" | "normal" | "truncated_normal";
      readonly mean: number;
      readonly standardDeviation: number;
      readonly least: number | null;
      readonly greatest: number | null;
    };
    readonly drawn: {
      readonly mean: number;
      readonly standardDeviation: number;
      readonly least: number;
      readonly greatest: number;
    };
  }[];
  readonly orthogonal: readonly {
    readonly class: "Orthogonal";
    readonly config: KerasConfig;
    readonly shape: readonly number[];
    /** Which side of the matrix [all axes but the last, last axis] is orthogonal, and its squared length. */
    readonly orthogonal: "rows" | "columns";
    readonly squaredLength: number;
  }[];
}

export interface GoldenRegularizers extends GoldenHeader {
  /** Every name Keras accepts, with the class behind it. */
  readonly names: Readonly<Record<string, string>>;
  readonly configsOfNames: Readonly<Record<string, KerasConfig>>;
  readonly cases: readonly {
    readonly class: string;
    readonly config: KerasConfig;
    readonly input: GoldenTensor;
    readonly output: number;
    readonly inputGradient: GoldenTensor;
  }[];
}

export interface GoldenConstraints extends GoldenHeader {
  /** Every name Keras accepts, with the class behind it. */
  readonly names: Readonly<Record<string, string>>;
  readonly cases: readonly {
    readonly class: string;
    readonly config: KerasConfig;
    readonly input: GoldenTensor;
    readonly output: GoldenTensor;
  }[];
}

/** Tensors alone, in a list, or by name. */
export type GoldenStructure = GoldenTensor | readonly GoldenTensor[] | { readonly [name: string]: GoldenTensor };

export interface GoldenModels extends GoldenHeader {
  readonly cases: readonly {
    readonly name: string;
    readonly class: "Sequential" | "Functional";
    /** Before `compile`. */
    readonly config: KerasConfig;
    /** The lines of the summary: 76 characters wide; 110 wide with nested layers and what trains; after training. */
    readonly summary: readonly string[];
    readonly wideSummary: readonly string[];
    readonly compiledSummary: readonly string[];
    readonly optimizer: KerasConfig;
    /** As given to `compile` and `fit`, in snake case. */
    readonly compile: KerasConfig;
    readonly fit: KerasConfig;
    readonly x: GoldenStructure;
    readonly y: GoldenStructure;
    readonly sampleWeight: GoldenStructure | null;
    readonly validationData: readonly GoldenTensor[] | null;
    readonly initialWeights: readonly GoldenTensor[];
    readonly weightPaths: readonly string[];
    /** Paths of the trainable weights. */
    readonly trainable: readonly string[];
    readonly history: Readonly<Record<string, readonly number[]>>;
    /** After `fit`, without shuffling. */
    readonly weights: readonly GoldenTensor[];
    readonly predictions: GoldenStructure;
    /** As a list: Keras 3.15 repeats a metric here that is weighted and unweighted. */
    readonly evaluation: readonly number[];
    readonly evaluationByName: Readonly<Record<string, number>>;
    readonly trainOnBatch: Readonly<Record<string, number>>;
    readonly weightsAfterTrainOnBatch: readonly GoldenTensor[];
  }[];
  /** Of a sequential model that waits for data, and of a model with a call of its own. */
  readonly summaries: Readonly<Record<"waiting" | "branchesBefore" | "branches", readonly string[]>>;
  /** Callbacks fed with the values of `val_loss`, epoch by epoch. */
  readonly earlyStopping: readonly {
    readonly options: KerasConfig;
    readonly values: readonly number[];
    readonly stopped: boolean;
    readonly epochs: number;
    readonly stoppedEpoch: number;
    /** The epoch whose weights were put back. */
    readonly restored: number | null;
  }[];
  readonly modelCheckpoint: readonly {
    readonly options: KerasConfig;
    /** The accuracy and the loss of each epoch. */
    readonly epochs: readonly (readonly [accuracy: number, loss: number])[];
    readonly saved: readonly string[];
  }[];
  readonly reduceLROnPlateau: readonly {
    readonly options: KerasConfig;
    readonly values: readonly number[];
    /** After each epoch, from 1. */
    readonly rates: readonly number[];
  }[];
  /** What becomes of a file in two epochs with the logs { loss: 0.5, accuracy: 0.25 } and { 0.125, 0.75 }. */
  readonly csvLogger: readonly {
    readonly before: string | null;
    readonly options: KerasConfig;
    readonly after: string;
  }[];
}

/** Models of layers of several families, trained for five steps on one batch. */
export interface GoldenComposed extends GoldenHeader {
  readonly cases: readonly {
    readonly name: string;
    readonly note?: string;
    /** The model as a file has it: `{ class_name, config, … }`. */
    readonly config: { readonly class_name: string; readonly config: KerasConfig };
    readonly optimizer: KerasConfig;
    readonly loss: KerasConfig;
    readonly x: GoldenTensor;
    readonly y: GoldenTensor;
    readonly weightPaths: readonly string[];
    readonly initialWeights: readonly GoldenTensor[];
    /** Before the steps. */
    readonly predictions: GoldenTensor;
    /** Of every step, before it. */
    readonly losses: readonly number[];
    /** After the steps. */
    readonly weights: readonly GoldenTensor[];
    readonly predictionsAfter: GoldenTensor;
  }[];
}

/** The files beside the layers', by subject. */
export interface GoldenSubjects {
  readonly activations: GoldenActivations;
  readonly losses: GoldenLosses;
  readonly metrics: GoldenMetrics;
  readonly optimizers: GoldenOptimizers;
  readonly initializers: GoldenInitializers;
  readonly regularizers: GoldenRegularizers;
  readonly constraints: GoldenConstraints;
  readonly models: GoldenModels;
  readonly composed: GoldenComposed;
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
    return [
      key,
      /^(config|configAfterBuild|buildConfig|options|configsOfNames|names|optimizer|compile|fit)$/.test(key)
        ? entry
        : decode(entry),
    ];
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

async function readFileDecoded<T extends GoldenHeader>(path: string): Promise<T> {
  return decode(JSON.parse(await readText(path))) as T;
}

/** A layer's golden cases by its Keras class name: `await readGolden("Dense")`. */
export function readGolden(layer: "InputLayer"): Promise<GoldenInputLayer>;
export function readGolden(layer: string): Promise<GoldenLayer>;
export function readGolden(layer: string): Promise<GoldenLayer | GoldenInputLayer> {
  return readFileDecoded(`layers/${layer}.json`);
}

/** The golden cases of another subject: `await readGoldenSubject("losses")`. */
export function readGoldenSubject<Subject extends keyof GoldenSubjects>(
  subject: Subject,
): Promise<GoldenSubjects[Subject]> {
  return readFileDecoded(`${subject}.json`);
}
