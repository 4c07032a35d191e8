// What a bundle loads to start: its entry and the chunks that this imports at once, not those for later.

/**
 * @param {import("rolldown").RolldownOutput["output"]} output what Rolldown made of one entry
 * @returns {import("rolldown").OutputChunk[]}
 */
export function chunksAtOnce(output) {
  const chunks = new Map(output.filter(({ type }) => type === "chunk").map((chunk) => [chunk.fileName, chunk]));
  const loaded = new Set();
  const load = (chunk) => {
    if (!chunk || loaded.has(chunk)) return;
    loaded.add(chunk);
    for (const name of chunk.imports) load(chunks.get(name));
  };
  load(output.find(({ isEntry }) => isEntry));
  return [...loaded];
}
