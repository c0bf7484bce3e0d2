// Nat comes from npm, through node_modules: the kernel takes it into this vat's bundle.
import { Nat } from '@endo/nat';
import { Far } from '@endo/far';

const makeWheel = spokes => {
  const count = Nat(spokes);
  return Far('wheel', {
    getSpokes: () => count,
    describe: () => `a wheel with ${count} spokes`,
  });
};

export const buildRootObject = () => {
  const shelf = harden({
    wheel: makeWheel(32n),
    bell: Far('bell', { describe: () => 'a bell that rings' }),
  });
  return Far('parts', {
    find(name) {
      if (!Object.hasOwn(shelf, name)) {
        throw Error(`there is no ${name} on the shelf`);
      }
      return shelf[name];
    },
  });
};
