// A chain of handled promises: each answer is a promise with a handler of its own.
clock(12);
const inner = kit({ applyMethod: (_p, key) => log('inner', key) || 'unresolved' });
const outer = kit({ applyMethod: (_p, key) => log('outer', key) || inner.promise });
let presence;
const nested = E(outer.promise).one();
show('nested', nested);
(async () => {
  await null;
  show('other', E(nested).two());
  await null;
  presence = outer.resolveWithPresence({
    applyMethod: (o, key) => log('presence', key, o === presence) || 'fulfilled',
  });
  inner.resolve('text');
  show('third', E(outer.promise).three());
  await null;
  log('|');
})();
