/**
 * Every layer: its class, and its factory under the name that `layers.*` has it. Loading looks class names up here.
 */

export { InputLayer, inputLayer } from "./core/input-layer.ts";
export { Layer, layer } from "./layer.ts";
export { GroupNormalization, groupNormalization } from "./normalization/group-normalization.ts";
export { Cropping1D, cropping1d } from "./reshaping/cropping1d.ts";
export { Cropping2D, cropping2d } from "./reshaping/cropping2d.ts";
export { Cropping3D, cropping3d } from "./reshaping/cropping3d.ts";
export { Flatten, flatten } from "./reshaping/flatten.ts";
export { Permute, permute } from "./reshaping/permute.ts";
export { RepeatVector, repeatVector } from "./reshaping/repeat-vector.ts";
export { Reshape, reshape } from "./reshaping/reshape.ts";
export { ZeroPadding1D, zeroPadding1d } from "./reshaping/zero-padding1d.ts";
export { ZeroPadding2D, zeroPadding2d } from "./reshaping/zero-padding2d.ts";
export { ZeroPadding3D, zeroPadding3d } from "./reshaping/zero-padding3d.ts";
