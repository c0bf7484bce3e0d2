clock(6);
const kits = {
  now: { then: r => r('now') },
  twice: { then: (r, j) => r('first') || r('second') || j('third') },
  throwsAfter: {
    then(r) {
      r('kept');
      throw Error('dropped');
    },
  },
  throwsBefore: {
    then() {
      throw Error('thrown');
    },
  },
  getter: {
    get then() {
      throw Error('got');
    },
  },
  notFunction: { then: 5 },
};
for (const [name, value] of Object.entries(kits)) {
  const k = kit();
  k.resolve(value);
  show(name, k.promise.then(v => (typeof v === 'object' ? 'object' : v)));
  show(`${name} sent`, E(k.promise).toString().then(() => 'ok'));
}
