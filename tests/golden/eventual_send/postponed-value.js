// Sends to a promise that is resolved late wait, and keep their order.
clock(12);
const k = kit();
show('a', E(k.promise).m(1));
show('b', E(k.promise).m(2));
k.promise.then(() => log('reaction'));
const o = { m: x => log('m', x) || x };
(async () => {
  await null;
  await null;
  await null;
  show('c', E(k.promise).m(3));
  log('resolving');
  k.resolve(o);
  show('d', E(k.promise).m(4));
})();
