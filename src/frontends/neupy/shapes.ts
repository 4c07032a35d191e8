/**
 * Shapes as NeuPy has them: the batch in front, sizes that may be unknown, and shapes of which nothing is known, which
 * layers without an Input in front of them have.
 */
import type { PartialShape } from "../../core/shape.ts";

/** The shape of what goes in or comes out, batch included; null where nothing is known, not even the rank. */
export type LayerShape = PartialShape | null;

/** Whether both can be the shape of one tensor. */
export function compatible(a: LayerShape, b: LayerShape): boolean {
  if (!a || !b) return true;
  return a.length === b.length && a.every((size, axis) => size === null || b[axis] === null || size === b[axis]);
}

/** What is known of a tensor that has both shapes, which are compatible. */
export function merged(a: LayerShape, b: LayerShape): LayerShape {
  return a && b ? a.map((size, axis) => size ?? (b[axis] as number | null)) : (a ?? b);
}

/** As NeuPy prints it: `(?, 28, 28, 1)`. */
export function shapeText(shape: LayerShape): string {
  if (!shape) return "<unknown>";
  return `(${shape.map((size) => size ?? "?").join(", ")}${shape.length === 1 ? "," : ""})`;
}

/** One shape, or those of several layers in brackets. */
export function shapesText(shapes: readonly LayerShape[]): string {
  const texts = shapes.map(shapeText);
  return texts.length === 1 ? (texts[0] as string) : `[${texts.join(", ")}]`;
}
