clock(9);
const answers = {
  value: () => 'value',
  promise: () => Promise.resolve('promise'),
  thrower: () => { throw Error('thrown'); },
  pending: () => kit().promise,
  handled: () => {
    const k = kit(handler('inner', 'from inner'));
    E({ go: () => k.resolve('handled') }).go();
    return k.promise;
  },
};
const k = kit({ applyMethod: (_p, key) => answers[key]() });
for (const key of Object.keys(answers)) {
  const p = E(k.promise)[key]();
  show(key, p);
  show(`${key}.then`, E(p).next());
}
