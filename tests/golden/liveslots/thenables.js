// Thenables and oddities as results and arguments.
import { Far, E } from '@endo/far';

export const buildRootObject = ({ testLog }) => {
  const thenable = v => ({
    then(res) {
      testLog('then called');
      res(v);
    },
  });
  return Far('root', {
    returns: () => thenable(5),
    farThenable: () => Far('thenable', thenable(6)),
    rejecting: () => ({
      then(_res, rej) {
        rej(Error('then said no'));
      },
    }),
    throwing: () => ({
      get then() {
        throw Error('then getter');
      },
    }),
    argument: to => {
      E(to)
        .take({ then: () => {} })
        .catch(e => testLog(e instanceof Error));
    },
    awaitIt: async () => {
      const v = await thenable(8);
      testLog('awaited', v);
      return E(thenable(Far('t', { m: () => 9 }))).m();
    },
    subclass: () => {
      class P extends Promise {}
      return new P(r => r(11));
    },
  });
};
