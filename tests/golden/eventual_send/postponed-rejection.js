clock(10);
const k = kit();
show('a', E(k.promise).m(1));
show('b', E.get(k.promise).v);
show('c', E(k.promise)(2));
E.sendOnly(k.promise).m(3);
(async () => {
  await null;
  await null;
  k.reject(Error('never'));
  show('d', E(k.promise).m(4));
})();
