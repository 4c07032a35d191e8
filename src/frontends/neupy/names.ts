/**
 * Names of layers: as they are, numbered by a format string, or made from the class name. The counters are this front
 * end's own; the format strings are Python's, for whole numbers.
 */
import { OptionError, show } from "../../core/errors.ts";

/** How often each pattern has given a name. */
const counters = new Map<string, number>();

/** Starts the numbering of names anew, as a new Python process does. */
export function resetNames(): void {
  counters.clear();
}

/** `GroupNorm` → `group-norm`, `PRelu` → `p-relu`, `LSTM` → `lstm`: a word begins where a small letter follows. */
function wordsOf(className: string): string {
  return className.replace(/(?<!^)(?=[A-Z][a-z_])/g, "-").toLowerCase();
}

/** A field of a format string: `{}`, `{0}`, `{:03d}`, `{!r:>4}`. */
interface Field {
  readonly name: string;
  readonly conversion: string | undefined;
  readonly spec: string;
}

/** A format string as Python reads it: text, fields, and doubled braces for single ones. */
function partsOf(pattern: string, refuse: (problem: string) => never): (string | Field)[] {
  const parts: (string | Field)[] = [];
  let text = "";
  for (let at = 0; at < pattern.length; at++) {
    const letter = pattern[at] as string;
    if (letter !== "{" && letter !== "}") {
      text += letter;
    } else if (pattern[at + 1] === letter) {
      text += letter;
      at++;
    } else if (letter === "}") {
      refuse('has a single "}"; double it to mean itself: "}}"');
    } else {
      const end = pattern.indexOf("}", at);
      if (end < 0) refuse('has a "{" that is never closed; double it to mean itself: "{{"');
      const inside = pattern.slice(at + 1, end);
      if (inside.includes("{")) refuse("has a field inside a field, so more than one field; one is numbered");
      const [, name = "", conversion, spec = ""] = /^([^!:]*)(?:!([^:]*))?(?::(.*))?$/s.exec(inside) ?? [];
      parts.push(text, { name, conversion, spec });
      text = "";
      at = end;
    }
  }
  return [...parts, text];
}

const specSyntax = /^(?:(.)?([<>=^]))?([-+ ])?(#)?(0)?(\d+)?([_,])?(\.\d+)?(.)?$/su;

const bases: Readonly<Record<string, readonly [base: number, prefix: string]>> = {
  b: [2, "0b"],
  o: [8, "0o"],
  d: [10, ""],
  n: [10, ""],
  x: [16, "0x"],
  X: [16, "0X"],
};

/** Digits in groups: of three for decimal numbers, of four for the others. */
function grouped(digits: string, separator: string | undefined, base: number): string {
  if (!separator) return digits;
  return digits.replace(base === 10 ? /\B(?=(\d{3})+$)/g : /\B(?=(\w{4})+$)/g, separator);
}

/** A whole number ≥ 0 by a spec of Python's format language. */
function formatted(value: number, { conversion, spec }: Field, refuse: (problem: string) => never): string {
  const isText = conversion !== undefined;
  if (isText && !["r", "s", "a"].includes(conversion)) {
    refuse(`has the conversion "!${conversion}"; Python knows !r, !s and !a`);
  }
  const [all, fill, align, sign, alternate, zero, width, separator, precision, type] = specSyntax.exec(spec) ?? [];
  const [base, prefix] = bases[type ?? "d"] ?? [10, ""];
  const isDigits = !isText && type !== "c";
  const isFormat =
    all !== undefined &&
    !precision &&
    (type === undefined || (isText ? type === "s" : type === "c" || Object.hasOwn(bases, type))) &&
    (isDigits || !(sign || alternate || separator)) &&
    !(separator && (type === "n" || (separator === "," && base !== 10))) &&
    !(isText && align === "=");
  if (!isFormat) {
    refuse(`has the format "${spec}", which Python does not take for ${isText ? "texts" : "whole numbers"}`);
  }

  const plain = type === "c" ? String.fromCodePoint(value) : value.toString(base);
  const front = isText ? "" : `${sign === "+" || sign === " " ? sign : ""}${alternate ? prefix : ""}`;
  const raw = type === "X" ? plain.toUpperCase() : plain;
  // Zeros in front of a number stand behind its sign. Python puts them behind the number for `<03d`; NeuPy promises
  // fc-001 for it, and whoever writes a 0 before the width means that.
  const inside = zero !== undefined && fill === undefined && (align === undefined || align === "<") && !isText;
  const place = inside ? "=" : (align ?? (isText ? "<" : ">"));
  const padding = fill ?? (zero === undefined ? " " : "0");
  const size = Number(width ?? 0);
  if (place === "=") {
    let digits = grouped(raw, separator, base);
    if (padding === "0" && separator) {
      // Zeros are grouped like digits.
      for (let longer = raw; front.length + digits.length < size; digits = grouped(longer, separator, base)) {
        longer = `0${longer}`;
      }
    }
    return front + digits.padStart(size - front.length, padding);
  }
  const whole = front + grouped(raw, separator, base);
  const missing = Math.max(0, size - [...whole].length);
  if (place === "<") return whole + padding.repeat(missing);
  if (place === ">") return padding.repeat(missing) + whole;
  const left = Math.floor(missing / 2);
  return padding.repeat(left) + whole + padding.repeat(missing - left);
}

/**
 * The name that was meant: a text without a field as it is; one with a field with its number in it, counted from 1 for
 * each such text; without a name, one from the class.
 */
export function nameFor(given: string | null, className: string): string {
  const pattern = given ?? `${wordsOf(className)}-{}`;
  const refuse = (problem: string): never => {
    throw new OptionError(`${className}: the name ${show(pattern)} ${problem}`);
  };
  const parts = partsOf(pattern, refuse);
  const fields = parts.filter((part) => typeof part !== "string");
  if (fields.length === 0) return pattern;
  if (fields.length > 1) refuse(`has ${fields.length} fields, more than one field; one is numbered, as in "fc{}"`);
  const [field] = fields as [Field];
  if (field.name !== "" && field.name !== "0") refuse(`asks for "${field.name}"; there is one number: {} or {0}`);
  const count = counters.get(pattern) ?? 1;
  const name = parts.map((part) => (typeof part === "string" ? part : formatted(count, part, refuse))).join("");
  counters.set(pattern, count + 1);
  return name;
}
