/**
 * The messages of ONNX files and how they become bytes. Names, numbers and kinds of fields are those of `onnx.proto`
 * (ONNX project, Apache-2.0; the schema stands in `test/onnx/`, where a test compares it with this table). Only what
 * models for inference hold is here; reading is not.
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

type Kind = "int" | "float" | "string" | "bytes" | keyof typeof messages;

/** Fields by name, in the order of their numbers: number and kind, and whether there may be several. */
export const messages = {
  ModelProto: {
    irVersion: [1, "int"],
    producerName: [2, "string"],
    producerVersion: [3, "string"],
    domain: [4, "string"],
    modelVersion: [5, "int"],
    docString: [6, "string"],
    graph: [7, "GraphProto"],
    opsetImport: [8, "OperatorSetIdProto", "several"],
  },
  OperatorSetIdProto: { domain: [1, "string"], version: [2, "int"] },
  GraphProto: {
    node: [1, "NodeProto", "several"],
    name: [2, "string"],
    initializer: [5, "TensorProto", "several"],
    input: [11, "ValueInfoProto", "several"],
    output: [12, "ValueInfoProto", "several"],
  },
  NodeProto: {
    input: [1, "string", "several"],
    output: [2, "string", "several"],
    name: [3, "string"],
    opType: [4, "string"],
    attribute: [5, "AttributeProto", "several"],
  },
  AttributeProto: {
    name: [1, "string"],
    f: [2, "float"],
    i: [3, "int"],
    s: [4, "bytes"],
    t: [5, "TensorProto"],
    g: [6, "GraphProto"],
    ints: [8, "int", "several"],
    type: [20, "int"],
  },
  TensorProto: {
    dims: [1, "int", "several"],
    dataType: [2, "int"],
    name: [8, "string"],
    rawData: [9, "bytes"],
  },
  ValueInfoProto: { name: [1, "string"], type: [2, "TypeProto"] },
  TypeProto: { tensorType: [1, "Tensor"] },
  Tensor: { elemType: [1, "int"], shape: [2, "TensorShapeProto"] },
  TensorShapeProto: { dim: [1, "Dimension", "several"] },
  Dimension: { dimValue: [1, "int"], dimParam: [2, "string"] },
} as const satisfies Readonly<
  Record<string, Readonly<Record<string, readonly [number: number, kind: string, several?: "several"]>>>
>;

/** A message: its fields by name; those that are absent or undefined are not written. */
export type Message<M extends keyof typeof messages> = {
  readonly [F in keyof (typeof messages)[M]]?:
    | ((typeof messages)[M][F] extends readonly [number, infer K extends Kind, "several"]
        ? readonly Content<K>[]
        : (typeof messages)[M][F] extends readonly [number, infer K extends Kind]
          ? Content<K>
          : never)
    | undefined;
};

type Content<K extends Kind> = K extends "int" | "float"
  ? number | bigint
  : K extends "string"
    ? string
    : K extends "bytes"
      ? Uint8Array
      : K extends keyof typeof messages
        ? Message<K>
        : never;

/** What protobuf can hold in one piece. */
export const mostBytes = 2 ** 31 - 1;

/** The pieces of a message in order; what is large is not copied. */
function piecesOf(type: keyof typeof messages, message: Readonly<Record<string, unknown>>): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  const fields = Object.entries(messages[type]) as [string, readonly [number, Kind, "several"?]][];
  for (const [name, [number, kind, several]] of fields) {
    const value = message[name];
    if (value === undefined) continue;
    for (const item of several ? (value as readonly unknown[]) : [value]) {
      const writer = new BinaryWriter();
      if (kind === "int")
        pieces.push(
          writer
            .tag(number, WireType.Varint)
            .int64(item as number)
            .finish(),
        );
      else if (kind === "float")
        pieces.push(
          writer
            .tag(number, WireType.Bit32)
            .float(item as number)
            .finish(),
        );
      else if (kind === "string") {
        pieces.push(
          writer
            .tag(number, WireType.LengthDelimited)
            .string(item as string)
            .finish(),
        );
      } else {
        const inner = kind === "bytes" ? [item as Uint8Array] : piecesOf(kind, item as Record<string, unknown>);
        pieces.push(writer.tag(number, WireType.LengthDelimited).uint32(lengthOf(inner)).finish(), ...inner);
      }
    }
  }
  return pieces;
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

/** The bytes of a model; undefined where they are more than a file can hold. */
export function encodeModel(model: Message<"ModelProto">): Uint8Array | undefined {
  const pieces = piecesOf("ModelProto", model);
  const length = lengthOf(pieces);
  if (length > mostBytes) return undefined;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
