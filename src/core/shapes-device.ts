/**
 * The device that knows shapes only: its tensors have no memory and its ops do nothing but their shape rule.
 * Symbolic shapes come from running layers on it, so no layer writes its output shape by hand.
 */
import type { Device } from "./device.ts";
import { VarveError } from "./errors.ts";

function noValues(): never {
  throw new VarveError("The shapes device holds no values");
}

export const shapesDevice: Device = {
  name: "shapes",
  synchronous: false,
  concrete: false,
  allocate: () => undefined,
  free: () => {},
  write: () => {},
  copy: () => {},
  readSync: noValues,
  read: noValues,
  execute: () => true,
  describe: () => ({ name: "shapes" }),
};
