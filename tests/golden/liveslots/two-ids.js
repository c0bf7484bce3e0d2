// One promise under two ids: exported while it waits, then the result of a send.
import { Far, E } from '@endo/far';
import { makePromiseKit } from '@endo/promise-kit';

export const buildRootObject = ({ testLog }) => {
  const k = makePromiseKit();
  let p;
  return Far('root', {
    export: to => {
      p = E(k.promise).foo();
      E(to).take(p);
      p.then(
        v => testLog('p', v),
        e => testLog('p failed', e),
      );
    },
    settle: to => k.resolve(to),
    again: to => {
      E(to).take(p);
    },
  });
};
