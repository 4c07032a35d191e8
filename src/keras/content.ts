/**
 * What a file holds, as readers see it: bytes at a place, at once. A file on disk is read where it is asked for, so it
 * is never in memory as a whole; bytes in memory are handed out as they are.
 */

/** The bytes of a file, or of a part of one. */
export interface Content {
  readonly size: number;
  /** The bytes from a place up to another; fewer where the file ends before. They may be the file's own: leave them as they are. */
  read(from: number, to: number): Uint8Array;
  /** Lets go of the file. */
  close(): void;
}

/** Whether a file begins with these bytes. */
export function begins(content: Content, mark: readonly number[]): boolean {
  const first = content.read(0, mark.length);
  return mark.every((byte, index) => first[index] === byte);
}

/** Bytes in memory; they must not change while they are read. */
export function inMemory(bytes: Uint8Array): Content {
  return { size: bytes.length, read: (from, to) => bytes.subarray(from, to), close() {} };
}

/** A part of a file. Closing it does not close the file. */
export function partOf(content: Content, from: number, to: number): Content {
  const size = to - from;
  return {
    size,
    read: (begin, end) => content.read(from + Math.min(begin, size), from + Math.min(end, size)),
    close() {},
  };
}

/** Several files one behind the other. */
export function joined(contents: readonly Content[]): Content {
  let size = 0;
  const begins = contents.map((content) => {
    size += content.size;
    return size - content.size;
  });
  return {
    size,
    read(from, to) {
      const parts = contents.flatMap((content, index) => {
        const begin = begins[index] as number;
        const [first, last] = [Math.max(from - begin, 0), Math.min(to - begin, content.size)];
        return first < last ? [content.read(first, last)] : [];
      });
      if (parts.length === 1) return parts[0] as Uint8Array;
      const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
      let at = 0;
      for (const part of parts) {
        whole.set(part, at);
        at += part.length;
      }
      return whole;
    },
    close() {
      for (const content of contents) content.close();
    },
  };
}
