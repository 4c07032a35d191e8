/**
 * Einstein summation: sums of products of tensors whose axes are named by letters. Operands meet two at a time, from
 * left to right, each time in one product of matrices (`contract`); here is only the bookkeeping of names.
 */
import { OptionError, ShapeError, show } from "../../core/errors.ts";
import { formatShape, stridesOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { reshape } from "../movement/reshape.ts";
import { strided } from "../movement/strided.ts";
import { transpose } from "../movement/transpose.ts";
import { publicOp, type TensorLike } from "../op.ts";
import { sum } from "../reduce/sum.ts";
import { contract, operandsOf } from "./matmul.ts";

/** A tensor with a name for each axis: a letter, or for those under "..." a number, counted from the back. */
interface Term {
  readonly x: Tensor;
  readonly names: readonly string[];
}

const count = (names: readonly string[], name: string) => names.filter((each) => each === name).length;

/** The names of one term: letters and at most one "...", which stands for `dots` axes. */
function namesOf(term: string, dots: number, whole: string): string[] {
  const names = term.match(/\.\.\.|[A-Za-z]/g) ?? [];
  if (names.join("") !== term || count(names, "...") > 1) {
    throw new OptionError(
      `einsum: ${show(whole)}: a term is made of letters and at most one "...", got ${show(term)}; write it like "ij,jk->ik"`,
    );
  }
  return names.flatMap((name) => (name === "..." ? Array.from({ length: dots }, (_, axis) => `${dots - axis}`) : name));
}

/** The operands with the names that the subscripts give their axes. */
function termsOf(inputs: readonly string[], operands: readonly Tensor[], whole: string): Term[] {
  if (inputs.length !== operands.length) {
    throw new OptionError(`einsum: ${show(whole)} is for ${inputs.length} operands, got ${operands.length}`);
  }
  return operands.map((x, index) => {
    const term = inputs[index] as string;
    const letters = term.replace("...", "").length;
    const dots = term.includes("...") ? Math.max(0, x.rank - letters) : 0;
    const names = namesOf(term, dots, whole);
    if (names.length !== x.rank) {
      throw new ShapeError(
        `einsum: ${show(whole)}: ${show(term)} names ${names.length} axes, operand ${index} has ${x.rank}, shape ${formatShape(x.shape)}`,
      );
    }
    return { x, names };
  });
}

/** The size behind each name. Axes under "..." broadcast, all others must agree. */
function sizesOf(terms: readonly Term[], whole: string): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { x, names } of terms) {
    names.forEach((name, axis) => {
      const size = x.shape[axis] as number;
      const known = sizes.get(name) ?? size;
      const broadcasts = /\d/.test(name) && (known === 1 || size === 1);
      if (known !== size && !broadcasts) {
        const what = /\d/.test(name) ? 'an axis under "..."' : `axis ${show(name)}`;
        throw new ShapeError(`einsum: ${show(whole)}: ${what} has size ${known} in one operand and ${size} in another`);
      }
      sizes.set(name, known === 1 ? size : known);
    });
  }
  return sizes;
}

/** The term without axes that broadcast, and with the diagonal of those that share a name. */
function simplified({ x, names }: Term, sizes: ReadonlyMap<string, number>): Term {
  const strides = stridesOf(x.shape);
  const kept = [...new Set(names)].filter((name) => x.shape[names.indexOf(name)] === sizes.get(name));
  if (kept.length === names.length) return { x, names };
  const window = {
    shape: kept.map((name) => sizes.get(name) as number),
    strides: kept.map((name) =>
      names.reduce((stride, each, axis) => stride + (each === name ? (strides[axis] as number) : 0), 0),
    ),
    offset: 0,
  };
  const repeated = names.some((name) => count(names, name) > 1);
  return { x: repeated ? strided(x, window) : reshape(x, window.shape), names: kept };
}

/** The term summed over the axes that nobody else names. */
function summed({ x, names }: Term, wanted: (name: string) => boolean): Term {
  const axes = names.flatMap((name, axis) => (wanted(name) ? [] : [axis]));
  return axes.length === 0 ? { x, names } : { x: sum(x, axes), names: names.filter(wanted) };
}

/** Both terms in one: summed over the axes that both name and nobody wants. */
function met(a: Term, b: Term, wanted: (name: string) => boolean): Term {
  const shared = a.names.filter((name) => b.names.includes(name));
  const batch = shared.filter(wanted);
  const over = shared.filter((name) => !wanted(name));
  const freeOf = (term: Term) => term.names.filter((name) => !shared.includes(name));
  const rolesOf = (term: Term) => {
    const axesOf = (names: readonly string[]) => names.map((name) => term.names.indexOf(name));
    return { batch: axesOf(batch), free: axesOf(freeOf(term)), summed: axesOf(over) };
  };
  return { x: contract(a.x, rolesOf(a), b.x, rolesOf(b)), names: [...batch, ...freeOf(a), ...freeOf(b)] };
}

/** The names of the result: those behind "->", or without it "..." and the letters that stand once, in order. */
function outputOf(
  output: string | undefined,
  inputs: readonly string[],
  terms: readonly Term[],
  whole: string,
): string[] {
  const names = terms.flatMap((term) => term.names);
  const dots = Math.max(0, ...names.map(Number).filter((number) => number > 0));
  const letters = inputs.join("").replaceAll(".", "");
  const implied = () =>
    `...${[...letters]
      .filter((each) => count([...letters], each) === 1)
      .sort()
      .join("")}`;
  const wanted = namesOf(output ?? implied(), dots, whole);
  for (const name of wanted) {
    if (!names.includes(name) || count(wanted, name) > 1) {
      throw new OptionError(
        `einsum: ${show(whole)}: the result names ${show(name)}, which must be an axis of an operand and stand once`,
      );
    }
  }
  return wanted;
}

/**
 * Sums of products by names of axes, as NumPy has it: axes with the same letter run together, and those whose letter is
 * not behind "->" are summed over. "..." stands for any further axes, which broadcast. Without "->" the result has the
 * letters that stand once, in alphabetical order. A letter twice in one operand is its diagonal.
 *
 * @param subscripts The axes of each operand, separated by commas, and of the result: "bij,bjk->bik".
 * @throws ShapeError where ranks or sizes do not fit the subscripts, OptionError where these make no sense.
 *
 * @example
 * ```ts
 * import { ops, tensor } from "varve";
 * const x = tensor([[1, 2], [3, 4]]);
 * await ops.einsum("ij,kj->ik", x, x).array() // => [[5, 11], [11, 25]]
 * ```
 */
export const einsum = publicOp("einsum", (subscripts: string, ...operands: TensorLike[]): Tensor => {
  if (typeof subscripts !== "string" || operands.length === 0) {
    throw new OptionError(`einsum: needs subscripts like "ij,jk->ik" and operands, got ${show(subscripts)}`);
  }
  const [left = "", output, ...more] = subscripts.replaceAll(" ", "").split("->");
  if (more.length > 0) throw new OptionError(`einsum: ${show(subscripts)} has more than one "->"`);
  const inputs = left.split(",");
  const given = termsOf(inputs, operandsOf(operands), subscripts);
  const result = outputOf(output, inputs, given, subscripts);
  const sizes = sizesOf(given, subscripts);
  const terms = given.map((term) => simplified(term, sizes));
  const wantedBeside = (...without: readonly Term[]) => {
    const others = terms.filter((term) => !without.includes(term));
    return (name: string) => result.includes(name) || others.some(({ names }) => names.includes(name));
  };
  terms.forEach((term, index) => {
    terms[index] = summed(term, wantedBeside(term));
  });
  while (terms.length > 1) {
    const [first, second] = terms as [Term, Term];
    terms.splice(0, 2, met(first, second, wantedBeside(first, second)));
  }
  const [{ x, names }] = terms as [Term];
  return transpose(
    x,
    result.map((name) => names.indexOf(name)),
  );
});
