// A handler is told the promise of the answer, and what it returns is forwarded to.
clock(8);
const inner = kit(handler('inner', 'inner answer'));
let told;
const k = kit({
  applyMethod(_p, key, _args, returned) {
    told = returned;
    log('applyMethod', key);
    return inner.promise;
  },
});
const p = E(k.promise).first();
show('p', p);
show('pipelined', E(p).second());
(async () => {
  await null;
  await null;
  log(told === p);
  show('pipelined later', E(p).third());
  inner.resolve('the end');
  show('pipelined last', E(p).toUpperCase());
})();
