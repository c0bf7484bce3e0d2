// The reference under measurement: a kernel on a fresh store, blocks, clocks.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import bundleSource from '@endo/bundle-source';
import { initSwingStore, openSwingStore } from '@agoric/swing-store';
import {
  buildKernelBundles,
  initializeSwingset,
  makeSwingsetController,
} from '@agoric/swingset-vat';

const here = new URL('.', import.meta.url).pathname;
const NEVER = 1_000_000_000;
const TICKS = 100; // of /proc, per second

const vatFile = name => path.join(here, 'vats', `${name}.js`);

// Bundles are made once and kept, so that making them is in no measured time.
export const getBundles = async () => {
  const names = ['driver', 'target', 'minimal'];
  const hash = createHash('sha256');
  for (const n of names) hash.update(fs.readFileSync(vatFile(n)));
  const file = path.join(here, '.cache', `bundles-${hash.digest('hex').slice(0, 12)}.json`);
  if (fs.existsSync(file)) return JSON.parse(fs.readFileSync(file, 'utf8'));
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const kernelBundles = await buildKernelBundles();
  const vats = {};
  for (const n of names) vats[n] = await bundleSource(vatFile(n));
  fs.writeFileSync(file, JSON.stringify({ kernelBundles, vats }));
  return { kernelBundles, vats };
};

export const tmpStore = () =>
  fs.mkdtempSync(path.join(process.env.BENCH_TMP || os.tmpdir(), 'reference-'));

const cpuOfPid = pid => {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const f = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { own: (Number(f[11]) + Number(f[12])) / TICKS, reaped: (Number(f[13]) + Number(f[14])) / TICKS };
  } catch {
    return { own: 0, reaped: 0 };
  }
};

export const residentKB = pid => {
  const m = fs.readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB/m);
  return m ? Number(m[1]) : 0;
};

/**
 * @param {object} o worker: 'local' | 'xsnap'; store: 'mem' | 'disk'; dir: reuse this store;
 *   vats: {name: bundleName}; reap, snapEvery: a number or 'never'; online; slog
 */
export const makeKernel = async o => {
  const { kernelBundles, vats } = await getBundles();
  const dir = o.store === 'mem' ? null : o.dir || tmpStore();
  const fresh = !(dir && fs.existsSync(path.join(dir, 'swingstore.sqlite')));
  const { kernelStorage, hostStorage } = fresh ? initSwingStore(dir) : openSwingStore(dir);
  if (fresh) {
    const snapEvery = o.snapEvery === 'never' ? NEVER : o.snapEvery;
    const config = {
      bootstrap: 'bootstrap',
      pinBootstrapRoot: true,
      defaultManagerType: o.worker,
      defaultReapInterval: o.reap,
      defaultReapGCKrefs: o.reap === 'never' ? 'never' : 20,
      snapshotInitial: Math.min(snapEvery, o.snapEvery === 'never' ? NEVER : 3),
      snapshotInterval: snapEvery,
      vats: { bootstrap: { bundleName: 'driver' } },
      bundles: Object.fromEntries(Object.entries(vats).map(([n, b]) => [n, { bundle: b }])),
    };
    for (const [n, b] of Object.entries(o.vats)) config.vats[n] = { bundleName: b };
    const options = { kernelBundles, addComms: false, addVattp: false, addTimer: false };
    await initializeSwingset(config, [], kernelStorage, options, { env: {} });
    await hostStorage.commit();
  }
  const workers = [];
  const controller = await makeSwingsetController(kernelStorage, {}, {
    env: {},
    spawn: (...args) => {
      const child = spawn(...args);
      workers.push(child);
      child.on('exit', () => workers.splice(workers.indexOf(child), 1));
      return child;
    },
    kernelBundle: kernelBundles.kernel,
    warehousePolicy: { maxVatsOnline: o.online ?? 50 },
    slogSender: o.slog,
  });

  // Runs until quiet, and commits after each block of so many deliveries.
  const runBlocks = async (block = Infinity) => {
    for (let full = true; full; ) {
      let n = 0;
      full = false;
      const tick = () => {
        n += 1;
        full = n >= block;
        return !full;
      };
      const policy = { allowCleanup: () => true, vatCreated: tick, crankComplete: tick, crankFailed: tick, emptyCrank: () => true };
      await controller.run(harden(policy));
      await hostStorage.commit();
    }
  };
  const call = async (method, args = [], block = Infinity) => {
    const kpid = controller.queueToVatRoot('bootstrap', method, args, 'ignore');
    await runBlocks(block);
    const status = controller.kpStatus(kpid);
    if (status !== 'fulfilled') {
      throw Error(`${method} is ${status}: ${status === 'rejected' ? JSON.stringify(controller.kpResolution(kpid)) : ''}`);
    }
  };
  const cpuSeconds = () => {
    const self = process.cpuUsage();
    const workersNow = workers.reduce((s, w) => s + cpuOfPid(w.pid).own, cpuOfPid('self').reaped);
    return (self.user + self.system) / 1e6 + workersNow;
  };
  const measure = async thunk => {
    const before = { t: performance.now(), cpu: cpuSeconds(), n: controller.getStats().dispatches };
    await thunk();
    const seconds = (performance.now() - before.t) / 1000;
    const deliveries = controller.getStats().dispatches - before.n;
    const cpu = cpuSeconds() - before.cpu;
    return {
      seconds,
      cpuSeconds: cpu,
      deliveries,
      perSecond: deliveries / seconds,
      microseconds: (seconds * 1e6) / deliveries,
      cpuMicroseconds: (cpu * 1e6) / deliveries,
    };
  };
  const close = async (keep = false) => {
    await controller.shutdown();
    await hostStorage.close();
    if (dir && !keep) fs.rmSync(dir, { recursive: true, force: true });
  };
  const countKeys = prefix => {
    const next = key => kernelStorage.kvStore.getNextKey(key);
    let n = 0;
    for (let key = next(prefix); key && key.startsWith(prefix); key = next(key)) n += 1;
    return n;
  };
  const commit = () => hostStorage.commit();
  return { dir, workers, controller, runBlocks, commit, call, measure, countKeys, close };
};
