// Promises that hold each other in their resolutions.
import { Far, E } from '@endo/far';
import { makePromiseKit } from '@endo/promise-kit';

export const buildRootObject = ({ testLog }) => {
  const a = makePromiseKit();
  const b = makePromiseKit();
  return Far('root', {
    make: to => {
      a.resolve([b.promise]);
      b.resolve([a.promise]);
      E(to).take(a.promise);
    },
    again: to => {
      E(to).take(b.promise, a.promise);
    },
    self: to => {
      const s = makePromiseKit();
      s.resolve({ me: s.promise });
      E(to).self(s.promise);
      return s.promise;
    },
    look: async p => {
      const [q] = await p;
      testLog('p');
      const [r] = await q;
      testLog('q', r === p);
    },
  });
};
