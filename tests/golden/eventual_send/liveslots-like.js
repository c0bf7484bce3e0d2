// As a comms system does it: presences and promises for results, with a wire in between.
clock(14);
const wire = [];
const results = [];
const makeResult = name => {
  const k = kit({
    applyMethod(_p, key, args) {
      wire.push(`${name}.${key}(${args})`);
      const r = makeResult(`${name}.${key}`);
      return r.promise;
    },
  });
  results.push(k);
  return k;
};
const root = kit();
const presence = root.resolveWithPresence({
  applyMethod(_o, key, args) {
    wire.push(`root.${key}(${args})`);
    return makeResult(`root.${key}`).promise;
  },
});
const p = E(presence).a(1);
show('p', p);
show('piped', E(p).b(2));
show('deep', E(E(p).c(3)).d(4));
(async () => {
  for (let i = 0; i < 6; i += 1) await null;
  log(wire.join(' '));
  results.forEach((r, i) => r.resolve(i));
})();
