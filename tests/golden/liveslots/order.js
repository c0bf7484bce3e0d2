// Ids are allotted in order of use; new promises are followed in the order of their texts.
import { Far, E } from '@endo/far';
import { makePromiseKit } from '@endo/promise-kit';

export const buildRootObject = () => {
  const kits = [...Array(12)].map(() => makePromiseKit());
  return Far('root', {
    many: to => {
      E(to).take(kits.map(k => k.promise));
    },
    settle: () => {
      kits.forEach((k, i) => k.resolve(i));
    },
    resolvedMany: to => {
      E(to).take([...Array(7)].map((_, i) => Promise.resolve(i)));
    },
    interleaved: to => {
      const a = E(to).a(Far('x', {}));
      const p = Promise.resolve(Far('y', {}));
      E(to).b(a, p, Far('z', {}));
      return { a, p, w: Far('w', {}) };
    },
    resolveWithNew: () => ({ deep: [kits[0].promise, Promise.resolve(1), new Promise(() => {})] }),
  });
};
