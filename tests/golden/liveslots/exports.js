// Export ids; dropped, retired and exported again.
import { Far, E } from '@endo/far';

export const buildRootObject = () => {
  const a = Far('a', { m: () => 'a' });
  const b = Far('b', { m: () => 'b' });
  return Far('root', {
    give: () => [a, b, a],
    giveB: () => b,
    self() {
      return this;
    },
    fresh: () => Far('fresh', {}),
    send: to => {
      E(to).take(b, a, Far('third', {}));
    },
  });
};
