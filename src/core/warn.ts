/**
 * Warnings: things that work but are probably not meant. Each is said once.
 */
const said = new Set<string>();

/** Prints a warning the first time it is given. */
export function warnOnce(message: string): void {
  if (said.has(message)) return;
  said.add(message);
  console.warn(`varve: ${message}`);
}
