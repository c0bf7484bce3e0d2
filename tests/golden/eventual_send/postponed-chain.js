// Sends on answers of sends that wait.
clock(16);
const k = kit();
const o = { self: n => log('self', n) || o };
show('deep', E(E(E(k.promise).self(1)).self(2)).self(3).then(() => 'done'));
(async () => {
  await null;
  await null;
  await null;
  await null;
  log('resolving');
  k.resolve(o);
})();
