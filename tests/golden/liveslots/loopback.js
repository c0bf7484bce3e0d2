// A send of ours comes back to us: we become the decider of its answer.
import { Far, E } from '@endo/far';
import { makePromiseKit } from '@endo/promise-kit';

export const buildRootObject = ({ testLog }) => {
  const k = makePromiseKit();
  const follow = (name, p) =>
    p.then(
      v => testLog(name, ' fulfilled ', v),
      e => testLog(name, ' rejected ', e.message),
    );
  const ticks = async n => {
    for (let i = 0; i < n; i += 1) {
      testLog('tick', i);
      await null;
    }
  };
  let held;
  return Far('root', {
    call: (to, method) => {
      held = E(E(to).find())[method](1);
      follow('held', held);
      follow('piped', E(held).toString());
    },
    now: n => {
      void ticks(8);
      testLog('now ', n);
      return n;
    },
    soon: async n => {
      void ticks(8);
      await null;
      return n;
    },
    wait: () => k.promise,
    fail: () => {
      throw Error('fails');
    },
    settle: v => {
      void ticks(8);
      k.resolve(v);
    },
    use: to => {
      follow('used', E(held).toString());
      E(to).take(held);
    },
  });
};
