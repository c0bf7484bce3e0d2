// Values that cannot be passed: as a result, as a reason, as a resolution.
import { Far, E } from '@endo/far';

export const buildRootObject = ({ testLog }) => {
  const values = {
    map: () => new Map(),
    func: () => () => {},
    date: () => new Date(0),
    instance: () => new (class Thing {})(),
    mixed: () => ({ a: 1, f() {} }),
    symbol: () => Symbol('private'),
    regexp: () => /x/,
    getter: () => ({
      get a() {
        return 1;
      },
    }),
    bytes: () => new Uint8Array(1),
    sparse: () => [, 1],
    extra: () => {
      const a = [1];
      a.x = 1;
      return a;
    },
    cycle: () => {
      const a = [];
      a.push(a);
      return a;
    },
    deep: () => ({ list: [{ inner: new Set() }] }),
    symbolKey: () => ({ [Symbol.for('k')]: 1 }),
    hidden: () => Object.defineProperty({}, 'a', { value: 1 }),
    weak: () => new WeakMap(),
    proto: () => Object.create({ a: 1 }),
    lone: () => '\ud800',
  };
  return Far('root', {
    result: name => values[name](),
    reason: name => {
      throw values[name]();
    },
    later: async name => values[name](),
    argument: (to, name) => {
      const p = E(to).take(values[name]());
      p.then(
        v => testLog('fulfilled', v),
        e => testLog('rejected', e instanceof Error),
      );
    },
  });
};
