/**
 * Tables of text in boxes, laid out as the table in a Keras summary is: columns of given widths that shrink evenly to
 * fit the line, texts broken between words, words too long cut with an ellipsis.
 */

export interface TableColumn {
  readonly title: string;
  readonly align: "left" | "right" | "center";
  /** The characters wished for; the line's width decides. */
  readonly width: number;
}

/** Breaks a text between words; a word that is too long stays on a line of its own. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const [word] of text.matchAll(/\s*\S+\s*/g)) {
    if (line !== "" && line.length + word.trimEnd().length > width) {
      lines.push(line);
      line = "";
    }
    line += word;
  }
  return [...lines, line].map((each) => {
    const trimmed = each.trimEnd();
    return trimmed.length > width ? `${trimmed.slice(0, width - 1)}…` : trimmed;
  });
}

function pad(text: string, width: number, align: TableColumn["align"]): string {
  if (align === "right") return text.padStart(width);
  if (align === "left") return text.padEnd(width);
  return text.padStart(text.length + Math.floor((width - text.length) / 2)).padEnd(width);
}

/** Halves go to the even number, as Python rounds. */
function roundHalfEven(value: number): number {
  const low = Math.floor(value);
  if (value - low === 0.5) return low % 2 === 0 ? low : low + 1;
  return Math.round(value);
}

/** Takes what is too much from the columns, evenly; gives what is left over to them, by their widths. */
function fitWidths(wished: readonly number[], room: number): number[] {
  const total = wished.reduce((sum, width) => sum + width, 0);
  let left = total - room;
  let columns = wished.length;
  if (left > 0) {
    return wished.map((width) => {
      const taken = Math.min(width, roundHalfEven(left / columns));
      left -= taken;
      columns--;
      return width - taken;
    });
  }
  let extra = -left;
  let shares = total;
  return wished.map((width) => {
    const given = shares > 0 ? Math.ceil((width * extra) / shares) : 0;
    extra -= given;
    shares -= width;
    return width + given;
  });
}

/** The lines of a table that is `lineLength` characters wide. */
export function renderTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  lineLength: number,
): string[] {
  const padded = columns.map(({ width }) => width + 2);
  const widths = fitWidths(padded, lineLength - columns.length - 1);
  const rule = (left: string, line: string, cross: string, right: string) =>
    left + widths.map((width) => line.repeat(width)).join(cross) + right;
  const row = (cells: readonly string[], bar: string) => {
    const wrapped = cells.map((cell, index) => wrap(cell, (widths[index] as number) - 2));
    const height = Math.max(...wrapped.map((lines) => lines.length));
    return Array.from({ length: height }, (_, index) => {
      const parts = columns.map(({ align }, column) =>
        pad(wrapped[column]?.[index] ?? "", (widths[column] as number) - 2, align),
      );
      return `${bar} ${parts.join(` ${bar} `)} ${bar}`;
    });
  };
  const titles = columns.map(({ title }) => title);
  const body = rows.flatMap((cells, index) => [...(index === 0 ? [] : [rule("├", "─", "┼", "┤")]), ...row(cells, "│")]);
  return [rule("┏", "━", "┳", "┓"), ...row(titles, "┃"), rule("┡", "━", "╇", "┩"), ...body, rule("└", "─", "┴", "┘")];
}
