// Methods that return promises: own, imported, results; the same one twice; arrays of them.
import { Far, E } from '@endo/far';
import { makePromiseKit } from '@endo/promise-kit';

export const buildRootObject = ({ testLog }) => {
  const k = makePromiseKit();
  const keep = new Map();
  return Far('root', {
    own: () => k.promise,
    inArray: () => [k.promise, k.promise],
    settle: v => {
      testLog('settle');
      k.resolve(v);
    },
    imported: p => p,
    remember: (n, p) => {
      keep.set(n, p);
    },
    recall: n => keep.get(n),
    recallArray: n => [keep.get(n)],
    result: to => E(to).m(),
    resultArray: to => [E(to).m()],
    all: (p, q) => Promise.all([p, q]),
    finallyOf: p => p.finally(() => testLog('finally')),
  });
};
