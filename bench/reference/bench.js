// One case on the reference; prints one JSON line.
//   node bench.js CASE [--worker local|xsnap] [--store mem|disk] [--block N] [--n N]
//                      [--reap N|never] [--snapEvery N|never]
import '@endo/init/pre-bundle-source.js';
import '@endo/init/unsafe-fast.js';

const { runCase } = await import('./cases.js');
const args = { case: process.argv[2] };
for (let i = 3; i < process.argv.length; i += 2) {
  const key = process.argv[i].replace(/^--/, '');
  const value = process.argv[i + 1];
  args[key] = /^\d+$/.test(value) ? Number(value) : value;
}
await runCase(args);
process.exit(0);
