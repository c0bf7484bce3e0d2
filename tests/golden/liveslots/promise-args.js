// Promises of our own in arguments: pending, settled, rejected; ids; the syscalls that follow.
import { Far, E } from '@endo/far';
import { makePromiseKit } from '@endo/promise-kit';

export const buildRootObject = () => {
  const a = makePromiseKit();
  const b = makePromiseKit();
  return Far('root', {
    pending: to => {
      E(to).take(a.promise, b.promise, a.promise);
    },
    again: to => {
      E(to).take(b.promise, a.promise);
    },
    settleA: v => a.resolve(v),
    rejectB: v => b.reject(v),
    settled: to => {
      E(to).take(Promise.resolve(5), Promise.resolve('six'));
    },
    rejected: to => {
      const p = Promise.reject(Error('no'));
      E(to).take(p);
      p.catch(() => {});
    },
    nested: to => {
      E(to).take({ deep: [Promise.resolve([Promise.resolve(1)])] });
    },
  });
};
