clock(6);
const o = {
  now: () => ({ then: resolve => log('then called') || resolve('now') }),
  later: () => ({ then: resolve => E({ go: () => resolve('later') }).go() }),
  rejects: () => ({ then: (_, reject) => reject('no') }),
  throws: () => ({
    then() {
      throw 'thrown';
    },
  }),
};
for (const name of Object.keys(o)) show(name, E(o)[name]());
