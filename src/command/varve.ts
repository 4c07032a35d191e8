#!/usr/bin/env node
/// <reference types="node" />
/**
 * The program `varve`: `run.ts` with the arguments of the process.
 */
import { run } from "./run.ts";

process.exitCode = await run(process.argv.slice(2), console.log, console.error);
