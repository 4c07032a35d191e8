/** The types of `#keras`, whose module is `save.ts`: models name it without depending on it. */
import type { Files } from "../models/files.ts";

export declare const files: Files;
