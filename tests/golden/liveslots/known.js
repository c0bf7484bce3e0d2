// Promises sent again after they settled: a new id, and the resolution with the send (S7).
import { Far, E } from '@endo/far';
import { makePromiseKit } from '@endo/promise-kit';

export const buildRootObject = () => {
  const a = makePromiseKit();
  const b = makePromiseKit();
  const c = makePromiseKit();
  const o = Far('o', {});
  return Far('root', {
    send: to => {
      E(to).take(a.promise);
    },
    sendAll: to => {
      E(to).take([a.promise, b.promise, c.promise]);
    },
    settle: () => {
      b.resolve(['b', c.promise, o]);
      a.resolve(['a', b.promise]);
    },
    settleC: () => {
      c.resolve([a.promise, 'round']);
    },
    giveA: () => a.promise,
    giveB: () => [b.promise, b.promise],
  });
};
