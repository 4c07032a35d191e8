/** The types of h5wasm that are used here; importing this loads nothing. */
export type { Dataset, File, Group, guess_metadata } from "h5wasm";
export type H5Module = Awaited<typeof import("h5wasm").ready>;
