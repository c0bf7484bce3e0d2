// Deliveries for random.js, made one at a time from what the vat's syscalls have told the kernel so
// far: only such as a kernel could make.
const mulberry = seed => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};

// `drops`: with dropExports and bringOutYourDead among them.
export const makeRandomDeliveries = (seed, count, drops = false) => {
  const next = mulberry(seed);
  const below = n => Math.floor(next() * n);
  const pick = list => list[below(list.length)];
  const imports = new Set(); // promises that the vat waits for
  const decided = new Set(); // promises that the vat settles
  const stale = new Set(); // decided by the vat, but it has subscribed
  const exported = new Set(['o+0']);
  const objects = ['o-50', 'o-51', 'o-52'];
  let lastPromise = 60;
  let done = 0;
  const freshPromise = () => `p-${(lastPromise += 1)}`;

  const learn = slots => {
    for (const s of slots) {
      if (s.startsWith('o+')) exported.add(s);
      if (s.startsWith('p') && !imports.has(s)) decided.add(s);
    }
  };
  const observe = syscalls => {
    for (const [kind, a, b] of syscalls) {
      if (kind === 'send') {
        if (b.result) imports.add(b.result);
        learn(b.methargs.slots);
      } else if (kind === 'subscribe') {
        imports.add(a);
        decided.delete(a);
      } else if (kind === 'resolve') {
        for (const [vpid] of a) decided.delete(vpid);
        const ended = new Set(a.map(([vpid]) => vpid));
        for (const [, , data] of a) learn(data.slots.filter(s => !ended.has(s)));
        for (const vpid of ended) {
          decided.delete(vpid);
          imports.delete(vpid);
        }
      }
    }
  };

  // A value with slots: text of smallcaps.
  const makeCap = () => {
    const slots = [];
    const slot = (vref, mark) => {
      let i = slots.indexOf(vref);
      if (i < 0) i = slots.push(vref) - 1;
      return `${mark}${i}`;
    };
    const promise = also => {
      const pool = [...imports, ...decided, ...also];
      return slot(pool.length > 0 && next() < 0.7 ? pick(pool) : freshPromise(), '&');
    };
    const object = () => slot(next() < 0.6 ? pick(objects) : pick([...exported]), '$');
    const data = (also = []) => {
      const r = next();
      if (r < 0.3) return below(100);
      if (r < 0.55) return object();
      if (r < 0.75) return [promise(also)];
      if (r < 0.85) return [data(also), data(also)];
      return 'text';
    };
    return { slots, data, promise, object };
  };

  const register = () => below(12);
  const operand = args => {
    const r = next();
    if (r < 0.6) return ['r', register()];
    if (r < 0.9 && args > 0) return ['a', below(args)];
    if (r < 0.95) return ['l', ['r', register()], ['r', register()]];
    return below(10);
  };
  const makeOps = (depth, args) => {
    const ops = [];
    const name = () => `${pick(['x', 'y', 'z'])}${below(1000)}`;
    for (let i = 1 + below(5); i > 0; i -= 1) {
      const r = next();
      if (r < 0.12) ops.push(['kit', register()]);
      else if (r < 0.26) ops.push(['resolve', register(), operand(args)]);
      else if (r < 0.3) ops.push(['reject', register(), operand(args)]);
      else if (r < 0.58) {
        const method = pick(['echo', 'later', 'fail', 'echo', 'none']);
        ops.push(['send', register(), operand(args), method, [operand(args), operand(args)].slice(below(2)), name()]);
      } else if (r < 0.68) ops.push(['follow', name(), operand(args)]);
      else if (r < 0.76 && depth > 0) ops.push(['then', register(), operand(args), makeOps(depth - 1, args + 1)]);
      else if (r < 0.82 && depth > 0) ops.push(['await', operand(args), makeOps(depth - 1, args + 1)]);
      else if (r < 0.9) ops.push(['object', register()]);
      else if (r < 0.94) ops.push(['all', register(), [operand(args), operand(args)]]);
      else ops.push(['set', register(), operand(args)]);
    }
    const r = next();
    if (r < 0.5) ops.push(['return', operand(args)]);
    else if (r < 0.55) ops.push(['throw', operand(args)]);
    return ops;
  };

  const message = () => {
    const cap = makeCap();
    const args = Array.from({ length: 1 + below(3) }, () =>
      next() < 0.5 ? cap.object() : next() < 0.6 ? cap.promise([]) : cap.data(),
    );
    const body = `#${JSON.stringify(['run', [makeOps(2, args.length), ...args]])}`;
    let result = next() < 0.15 ? null : freshPromise();
    const waited = [...imports].filter(p => !cap.slots.includes(p));
    if (result && waited.length > 0 && next() < 0.15) {
      result = pick(waited);
      imports.delete(result);
      stale.add(result);
    }
    if (result) decided.add(result);
    return ['message', 'o+0', { methargs: { body, slots: cap.slots }, result }];
  };

  const resolution = (vpid, batch) => {
    const cap = makeCap();
    const rejected = next() < 0.2;
    const value = rejected && next() < 0.5 ? { '#error': 'remote', name: 'Error' } : cap.data(batch);
    return [vpid, rejected, { body: `#${JSON.stringify(value)}`, slots: cap.slots }];
  };
  const notify = () => {
    const batch = [...imports].filter(() => next() < 0.4);
    if (batch.length === 0) batch.push(pick([...imports]));
    for (const vpid of batch) imports.delete(vpid);
    const list = batch.map(vpid => resolution(vpid, batch));
    if (stale.size > 0 && next() < 0.3) {
      const vpid = pick([...stale]);
      stale.delete(vpid);
      if (!decided.has(vpid)) list.push([vpid, false, { body: '#"stale"', slots: [] }]);
    }
    return ['notify', list];
  };

  const dropSome = () => {
    const some = [...exported].filter(o => o !== 'o+0' && next() < 0.4);
    if (some.length === 0 || next() < 0.5) return ['bringOutYourDead'];
    for (const o of some) exported.delete(o);
    return ['dropExports', some.sort()];
  };

  return syscalls => {
    if (syscalls) observe(syscalls);
    done += 1;
    if (done > count) return undefined;
    if (done === 1) return ['startVat', { body: '#{}', slots: [] }];
    if (drops && next() < 0.3) return dropSome();
    return imports.size > 0 && next() < 0.45 ? notify() : message();
  };
};
