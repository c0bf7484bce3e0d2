// A promise that is settled delivers in the very next turn, each time.
const target = { call: n => log(`called ${n}`) };
const k = kit();
k.resolve(target);
(async () => {
  await null;
  for (const n of [1, 2, 3]) {
    log(`sending ${n}`);
    E(k.promise).call(n);
    log(`sent ${n}`);
    await null;
  }
  log('end');
})();
