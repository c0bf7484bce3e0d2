// exitVat and exitVatWithFailure; what is sent around them.
import { Far, E } from '@endo/far';

export const buildRootObject = ({ exitVat, exitVatWithFailure, testLog }) => {
  const o = Far('o', {});
  return Far('root', {
    happy: (to, v) => {
      E(to).before();
      exitVat(v);
      testLog('after');
      E(to).after(o);
      return 'returned';
    },
    object: () => exitVat({ o }),
    sad: to => {
      E(to).before();
      exitVatWithFailure(Error('sad'));
      return o;
    },
    twice: () => {
      exitVat('one');
      exitVatWithFailure('two');
    },
    promise: () => exitVat(Promise.resolve(1)),
    bad: () => exitVat(new Map()),
    nothing: () => exitVat(),
  });
};
