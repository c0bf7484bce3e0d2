// Sends to a presence: result promises, identity, interface names, what comes back.
import { Far, E } from '@endo/far';

export const buildRootObject = ({ testLog }) => {
  const kept = [];
  return Far('root', {
    one: to => {
      E(to).hello(1, 'two', [3n]);
    },
    returned: to => E(to).ask(),
    awaited: async to => {
      const v = await E(to).ask();
      testLog('got', v);
      return ['got', v];
    },
    twice: (a, b) => {
      testLog(a === b, `${a}`, String(b));
      kept.push(a);
      return E(a).pair(a, b);
    },
    again: a => testLog(kept.indexOf(a), String(a)),
    call: f => E(f)(1, 2),
    back: to => to,
  });
};
