// A shopkeeper: shows the world a facet of his purse that can only be paid into.
import { E, Far } from '@endo/far';

export const buildRootObject = () =>
  Far('bob root', {
    makeTrader: (name, brand, purse) =>
      Far(name, {
        getDepositFacet: () => E(purse).getDepositFacet(),
        balance: () => E(purse).getBalance(),
      }),
  });
