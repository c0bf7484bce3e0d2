// Runs programs with the package and writes what they print; started by `record`.
import 'ses';
import '@endo/eventual-send/shim.js';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

lockdown({ unhandledRejectionTrapping: 'none' });
const { E, HandledPromise } = await import('@endo/eventual-send');
const { isPromise, makePromiseKit, racePromises } = await import('@endo/promise-kit');
// Not exported by the package.
const { memoRace } = await import('./node_modules/@endo/promise-kit/src/memo-race.js');

let out = [];
// As the engine's owner is told: at the end, in order.
const unhandled = new Map();
process.on('unhandledRejection', (reason, promise) => {
  unhandled.set(promise, reason instanceof Error ? reason.message : String(reason));
});
process.on('rejectionHandled', promise => unhandled.delete(promise));

const quiet = () => new Promise(resolve => setTimeout(resolve, 5));
const [dir, ...names] = process.argv.slice(2);
const prelude = (0, eval)(readFileSync(join(dir, 'prelude.js'), 'utf8'));

for (const name of names) {
  out = [];
  unhandled.clear();
  const given = {
    E, HandledPromise, harden, isPromise, makePromiseKit, racePromises, memoRace, ...prelude(out),
  };
  const source = readFileSync(join(dir, `${name}.js`), 'utf8');
  const program = new Function(...Object.keys(given), `'use strict';\n${source}`);
  try {
    program(...Object.values(given));
  } catch (e) {
    out.push(`thrown: ${e}`);
  }
  await quiet();
  for (const reason of unhandled.values()) out.push(`unhandled: ${reason}`);
  writeFileSync(join(dir, `${name}.txt`), `${out.join('\n')}\n`);
}
