// The cases, named and counted as those of `capstan bench`: a delivery is a message or a notify handed
// to a vat; vat creation and the first round trips are outside the window.
import fs from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { spawnSync } from 'node:child_process';
import { getBundles, makeKernel, residentKB, tmpStore } from './lib.js';

const targets = n =>
  Object.fromEntries(Array.from({ length: n }, (_, i) => [`t${String(i).padStart(n > 10 ? 5 : 1, '0')}`, 'target']));
const median = xs => [...xs].sort((a, b) => a - b)[xs.length >> 1];
const print = (o, figures) => console.log(JSON.stringify({ case: o.case, worker: o.worker, store: o.store, block: o.block, ...figures }));

const traffic = async (o, vats, method, args, warm) => {
  const k = await makeKernel({ ...o, vats });
  await k.runBlocks();
  await k.call(method, warm, o.block);
  const figures = await k.measure(() => k.call(method, args, o.block));
  await k.close();
  print(o, figures);
};

const cases = {
  ping: o => traffic(o, targets(1), 'ping', [o.n ?? 500], [100]),
  // A collection after each delivery: the reference's own default.
  prompt: o => traffic({ ...o, reap: 1 }, targets(1), 'ping', [o.n ?? 200], [20]),
  burst: o => traffic(o, targets(1), 'burst', [o.n ?? 500], [100]),
  payload: o => traffic(o, targets(1), 'payload', [o.n ?? 150, 10], [20, 10]),
  fanout: o => traffic(o, targets(20), 'fanout', [o.n ?? 8], [2]),

  // New vats, one at a time as the reference makes them, and the memory of their workers.
  vats: async o => {
    const n = o.n ?? 20;
    const k = await makeKernel({ ...o, vats: {}, online: 1000 });
    await k.runBlocks();
    const others = new Set(k.workers.map(w => w.pid));
    const each = [];
    const kernelBefore = residentKB('self');
    for (let i = 0; i < n; i += 1) {
      const t = performance.now();
      await k.call('createVats', ['minimal', 1], o.block);
      each.push(performance.now() - t);
    }
    await k.call('touchMade', [], o.block);
    const mine = k.workers.filter(w => !others.has(w.pid)).map(w => residentKB(w.pid));
    const kernelGrowth = (residentKB('self') - kernelBefore) / n;
    await k.close();
    print(o, { vats: n, createMilliseconds: median(each), kilobytesPerVat: (median(mine) || 0) + kernelGrowth });
  },

  // A process from its start to the first answer, its end included, as in `capstan bench cold`.
  coldchild: async o => {
    const k = await makeKernel({ ...o, vats: targets(1) });
    await k.runBlocks();
    await k.call('hello');
    await k.close(true);
  },
  cold: async o => {
    await getBundles();
    const dir = tmpStore();
    const bench = new URL('./bench.js', import.meta.url).pathname;
    const go = () => {
      const t = performance.now();
      const args = [bench, 'coldchild', '--worker', o.worker, '--dir', dir];
      const p = spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
      if (p.status !== 0) throw Error('a cold start failed');
      return performance.now() - t;
    };
    const figures = { freshMilliseconds: go(), restartMilliseconds: go() };
    fs.rmSync(dir, { recursive: true, force: true });
    print(o, figures);
  },

  // A restart replays the transcripts of a ping-pong.
  replay: async o => {
    const dir = tmpStore();
    const starts = [];
    const ends = [];
    const opts = { ...o, dir, vats: targets(1), snapEvery: 'never' };
    const k = await makeKernel(opts);
    await k.runBlocks();
    await k.call('ping', [o.n ?? 500], o.block);
    await k.close(true);
    const slog = e => {
      if (e.type === 'start-replay') starts.push(e.deliveries);
      if (e.type === 'finish-replay') ends.push(e.seconds);
    };
    const again = await makeKernel({ ...opts, slog });
    await again.close(true);
    fs.rmSync(dir, { recursive: true, force: true });
    const sum = xs => xs.reduce((a, b) => a + b, 0);
    // The two vats of the program, without the built-in one.
    const chosen = starts.map((n, i) => [n, ends[i]]).filter(([n]) => n > 100);
    print(o, { deliveries: sum(chosen.map(x => x[0])), perSecond: sum(chosen.map(x => x[0])) / sum(chosen.map(x => x[1])) });
  },

  // Objects shared between two vats, then dropped; collected until the importer's c-list is back. After
  // each call the kernel is quiet; nothing collects but what is asked for.
  gc: async o => {
    const n = o.n ?? 10_000;
    const k = await makeKernel({ ...o, vats: targets(2) });
    await k.runBlocks();
    const entries = () => k.countKeys(`${k.controller.vatNameToID('t1')}.c.`);
    const shareAndDrop = async count => {
      const before = entries();
      const shared = await k.measure(() => k.call('share', [count, 100], o.block));
      if (entries() < before + count) throw Error('what was shared is not in the c-list');
      const dropped = await k.measure(async () => {
        await k.call('drop', [], o.block);
        for (let pass = 0; pass < 4 && entries() > before; pass += 1) {
          k.controller.reapAllVats();
          await k.runBlocks(o.block);
        }
      });
      if (entries() > before) throw Error(`${entries() - before} entries are left`);
      return { shared, dropped };
    };
    await shareAndDrop(100);
    const { shared, dropped } = await shareAndDrop(n);
    await k.close();
    const per = seconds => (seconds * 1e6) / n;
    print(o, {
      objects: n,
      shareMicroseconds: per(shared.seconds),
      shareCpuMicroseconds: per(shared.cpuSeconds),
      dropMicroseconds: per(dropped.seconds),
      dropCpuMicroseconds: per(dropped.cpuSeconds),
    });
  },

  // bringOutYourDead of vats that have nothing to tell.
  boyd: async o => {
    const n = o.n ?? 200;
    const k = await makeKernel({ ...o, vats: targets(1) });
    await k.runBlocks();
    await k.call('hello');
    // A vat whose transcript is not longer than its position here is left out: all but t0.
    const others = () => {
      const positions = {};
      for (let i = 1; i < 40; i += 1) positions[`v${i}`] = 1e9;
      delete positions[k.controller.vatNameToID('t0')];
      return positions;
    };
    const reapOften = async count => {
      for (let i = 0; i < count; i += 1) {
        k.controller.reapAllVats(others());
        await k.controller.run();
        if ((i + 1) % o.block === 0) await k.commit();
      }
      await k.commit();
    };
    await reapOften(10);
    const m = await k.measure(() => reapOften(n));
    await k.close();
    print(o, { boyds: n, microseconds: (m.seconds * 1e6) / n, cpuMicroseconds: (m.cpuSeconds * 1e6) / n });
  },

  // What is under each durable commit: 4 KB written and synced.
  fsync: async o => {
    const dir = tmpStore();
    const fd = fs.openSync(path.join(dir, 'f'), 'w');
    const times = [];
    for (let i = 0; i < 300; i += 1) {
      const t = performance.now();
      fs.writeSync(fd, Buffer.alloc(4096, 1));
      fs.fsyncSync(fd);
      times.push(performance.now() - t);
    }
    fs.rmSync(dir, { recursive: true });
    print(o, { microseconds: median(times) * 1000 });
  },
};

export const runCase = async o => {
  const chosen = { worker: 'xsnap', store: 'disk', block: 100, reap: 'never', snapEvery: 'never', ...o };
  if (!cases[chosen.case]) throw Error(`no case ${chosen.case}: ${Object.keys(cases)}`);
  await cases[chosen.case](chosen);
};
