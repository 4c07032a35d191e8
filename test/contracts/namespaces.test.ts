/**
 * The namespaces that users see hold everything of their modules but what layers make options of.
 */
import { expect, test } from "vitest";
import * as activations from "../../src/activations.ts";
import * as constraints from "../../src/constraints.ts";
import * as initializers from "../../src/initializers.ts";
import * as publicActivations from "../../src/namespaces/activations.ts";
import * as publicConstraints from "../../src/namespaces/constraints.ts";
import * as publicInitializers from "../../src/namespaces/initializers.ts";
import * as publicRegularizers from "../../src/namespaces/regularizers.ts";
import * as regularizers from "../../src/regularizers.ts";

test.each([
  ["activations", activations, publicActivations, ["activation", "resolveActivation"]],
  ["constraints", constraints, publicConstraints, ["constraint"]],
  ["initializers", initializers, publicInitializers, ["initializer"]],
  ["regularizers", regularizers, publicRegularizers, ["regularizer"]],
])("%s", (_name, module, namespace, internal) => {
  const own = Object.keys(module).filter((member) => !internal.includes(member));
  expect(Object.keys(namespace).sort()).toEqual(own.sort());
});
