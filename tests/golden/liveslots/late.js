// Notifies that settle promises which the vat has sent on or answered with.
import { Far, E } from '@endo/far';

export const buildRootObject = ({ testLog }) => {
  let held;
  return Far('root', {
    passOn: (a, b) => {
      held = E(a).make();
      E(b).take(held);
      return held;
    },
    again: b => {
      E(b).take(held);
    },
    use: () => E(held).use(),
    log: async () => testLog('held', typeof (await held)),
  });
};
