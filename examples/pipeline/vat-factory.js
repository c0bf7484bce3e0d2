import { E, Far } from '@endo/far';

export const buildRootObject = () =>
  Far('factory', {
    makeMachine(parts) {
      // The answer is an object whose own answers are promises for objects of a third vat.
      return Far('machine', {
        getPart: name => E(parts).find(name),
      });
    },
  });
