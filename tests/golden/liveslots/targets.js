// Deliveries to promises, to exported objects, and results that nobody waits for.
import { Far, E } from '@endo/far';
import { makePromiseKit } from '@endo/promise-kit';

export const buildRootObject = ({ testLog }) => {
  const k = makePromiseKit();
  const o = Far('o', {
    m: n => {
      testLog('m', n);
      return n;
    },
  });
  return Far('root', {
    make: () => o,
    later: () => k.promise,
    settle: () => k.resolve(o),
    log: n => {
      testLog('log', n);
    },
    sync: () => {
      testLog('first');
      E(o).m('own');
      testLog('second');
    },
  });
};
