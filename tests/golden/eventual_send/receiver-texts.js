// How the recipient is shown.
const cyclic = { z: 1, a: 2 };
cyclic.self = cyclic;
class Alleged {
  get [Symbol.toStringTag]() {
    return 'Alleged: thing';
  }
}
const odd = [
  cyclic,
  new Alleged(),
  Error('the message'),
  Promise.resolve(),
  [undefined, NaN, Infinity, -Infinity, 1n, Symbol.for('s'), null, true, 'plain', '[bracketed'],
  x => x,
  function named() {},
  class K {},
  new Map(),
  {
    get bad() {
      throw Error('no');
    },
  },
  'quote"d',
  { b: 1, a: { d: 1, c: 2 } },
];
for (const target of odd) show('text', (0, E(target).foo)());
