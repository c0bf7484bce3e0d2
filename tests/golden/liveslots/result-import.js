// We become the decider of a promise that we imported before (S7).
import { Far, E } from '@endo/far';
import { makePromiseKit } from '@endo/promise-kit';

export const buildRootObject = ({ testLog }) => {
  const k = makePromiseKit();
  let held;
  return Far('root', {
    hold: p => {
      held = p;
      p.then(
        v => testLog('held', v),
        e => testLog('held rejected', e.message),
      );
      E(p).before();
    },
    answer: () => {
      testLog('answering');
      return 'the answer';
    },
    later: () => k.promise,
    fail: () => {
      throw Error('failed');
    },
    settle: v => k.resolve(v),
    use: to => {
      E(held).local();
      E(to).take(held);
    },
  });
};
