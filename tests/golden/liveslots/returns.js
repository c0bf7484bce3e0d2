// What methods return: data of every kind, Far objects, promises.
import { Far, makeTagged } from '@endo/far';

export const buildRootObject = () => {
  const shared = Far('shared', {});
  const values = [
    undefined,
    7n,
    { b: [1, 'two', null], a: -0, '#c': '#d', d: undefined },
    NaN,
    -Infinity,
    Symbol.for('registered'),
    Symbol.asyncIterator,
    makeTagged('tag', [1n]),
    '!bang',
    '',
    [],
    {},
    true,
    1e21,
    0.1,
    { x: shared, y: [shared, shared] },
    shared,
    Far('iface with space', { m() {} }),
    Far('fn', () => {}),
    'µ€😀\u0000"\\\n',
  ];
  return Far('root', { value: n => values[n] });
};
