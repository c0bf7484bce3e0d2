// Rejections among resolutions, and errors that hold nothing.
import { Far, E } from '@endo/far';

export const buildRootObject = () =>
  Far('root', {
    args: to => {
      const bad = Promise.reject({ o: Far('o', {}), p: Promise.resolve(2) });
      bad.catch(() => {});
      E(to).take(bad, Promise.resolve(bad));
      E(to).take([bad]);
    },
    unserialisable: to => {
      const p = Promise.resolve(new Map());
      const q = Promise.resolve({ p });
      E(to).take(p, q);
      return q;
    },
    mixed: async to => {
      const p = Promise.resolve([Far('kept', {}), new Map()]);
      await E.when(p);
      E(to).take(p);
    },
  });
