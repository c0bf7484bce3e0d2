// Promises from elsewhere: subscribing, notifies in batches, promises in resolutions.
import { Far, E } from '@endo/far';

export const buildRootObject = ({ testLog }) => {
  const watch = (name, p) =>
    p.then(
      v => {
        testLog(name, 'fulfilled', typeof v === 'object' ? Object.keys(v).join() : v);
        if (Array.isArray(v)) v.forEach((e, i) => e instanceof Promise && watch(`${name}.${i}`, e));
      },
      e => testLog(name, 'rejected', e),
    );
  const all = {};
  return Far('root', {
    take: (...ps) => {
      ps.forEach((p, i) => {
        all[i] = p;
        watch(`p${i}`, p);
      });
    },
    same: (...ps) => ps.map((p, i) => all[i] === p),
    sendTo: p => {
      E(p).pipelined(1);
      E(p).pipelined(2);
    },
    giveBack: () => [all[0], all[1]],
    forward: (to, p) => {
      E(to).take(p);
    },
  });
};
