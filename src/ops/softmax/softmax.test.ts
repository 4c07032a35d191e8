import fc from "fast-check";
import { given, randomGiven, seeds, shapes } from "../../../test/contracts/given.ts";
import { opContract } from "../../../test/contracts/op-contract.ts";
import { logSoftmax, softmax } from "./softmax.ts";

const cases = fc.tuple(shapes({ minRank: 1, maxRank: 4 }), seeds, fc.nat()).map(([shape, seed, pick]) => {
  const axis = (pick % (2 * shape.length)) - shape.length;
  return { args: [randomGiven(shape, seed), axis], batch: shape.length > 1 && axis % shape.length !== 0 ? [0] : [] };
});

opContract("softmax", softmax, {
  cases,
  examples: [
    [given([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]), [0, 2]],
    [given([3], [100, 0, -100])],
    { args: [given([2, 4], [1e30, 1e30, -1e30, 0, -1e30, -1e30, -1e30, -1e30])], gradient: false },
    { args: [given([2, 3], [Number.NEGATIVE_INFINITY, 0, 1, Number.NaN, 1, 2])], gradient: false },
    [given([4, 1], [1, 2, 3, 4])],
    { args: [randomGiven([3, 70], 4), -1], batch: [0] },
    { args: [randomGiven([3, 9, 7], 4), 1], batch: [0] },
    { args: [randomGiven([3, 9, 7, 2], 4), [1, 2]], batch: [0] },
    [given([0, 3], [])],
    [given([3, 0], [])],
  ],
  // the error of e^x grows with |x|
  float32: { relative: 3e-6, absolute: 1e-44 },
});
opContract("logSoftmax", logSoftmax, {
  cases,
  examples: [
    [given([3], [100, 0, -100])],
    { args: [randomGiven([3, 70], 4), -1], batch: [0] },
    { args: [randomGiven([3, 9, 7], 4), 1], batch: [0] },
    [given([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]), [0, 2]],
    { args: [given([2, 3], [Number.NEGATIVE_INFINITY, 0, 1, Number.NaN, 1, 2])], gradient: false },
  ],
  float32: { relative: 1e-6, absolute: 3e-7 },
});
