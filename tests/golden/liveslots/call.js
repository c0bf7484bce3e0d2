// Functions as targets, gets, symbol-named methods, this, arguments.
import { Far } from '@endo/far';

export const buildRootObject = ({ testLog }) => {
  const fn = Far('fn', (...args) => {
    testLog('fn', args.length, ...args);
    return args.length;
  });
  const root = Far('root', {
    fn: () => fn,
    self() {
      return this === root;
    },
    [Symbol.asyncIterator]: () => 'iterator',
    [Symbol.for('named')]: () => 'registered',
    frozen: (...args) => [Object.isFrozen(args[0]), Object.isFrozen(args)],
    length: () => 'length',
    name: () => 'name',
    then_: () => 'then',
  });
  return root;
};
