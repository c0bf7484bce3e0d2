// A vat that sends to itself through the kernel, and counts.
import { Far, E } from '@endo/far';

export const buildRootObject = ({ testLog }) => {
  let n = 0;
  const counter = Far('counter', {
    up: by => {
      n += by;
      return n;
    },
  });
  return Far('root', {
    counter: () => counter,
    count: async c => {
      const first = await E(c).up(1);
      const second = await E(c).up(first);
      testLog(first, second, c === counter);
      return [first, second];
    },
    spread: async () => {
      const all = await Promise.all([1, 2, 3].map(i => E(counter).up(i)));
      return all;
    },
  });
};
