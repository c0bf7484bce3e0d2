// Runs a basedir on the reference and prints what its vats log: the same programs on both.
//   node run-basedir.js BASEDIR [--worker local|xsnap] [ARG...]
import '@endo/init/pre-bundle-source.js';
import '@endo/init/unsafe-fast.js';
import { initSwingStore } from '@agoric/swing-store';
import {
  buildKernelBundles,
  initializeSwingset,
  loadBasedir,
  makeSwingsetController,
} from '@agoric/swingset-vat';

const [basedir, ...rest] = process.argv.slice(2);
const worker = rest[0] === '--worker' ? rest.splice(0, 2)[1] : 'xsnap';
const config = await loadBasedir(basedir);
config.defaultManagerType = worker;
const { kernelStorage } = initSwingStore(null);
const kpid = await initializeSwingset(config, rest, kernelStorage, { kernelBundles: await buildKernelBundles() });
const controller = await makeSwingsetController(kernelStorage, {}, {});
await controller.run();
for (const line of controller.dump().log) console.log(line);
console.error(controller.kpStatus(kpid), JSON.stringify(controller.kpResolution(kpid)));
await controller.shutdown();
process.exit(0);
