// Alice and Bob trade, and each tries what an object-capability system must not let happen.
import { E, Far } from '@endo/far';

export const buildRootObject = vatPowers => {
  const log = vatPowers.testLog;

  const attempt = async (what, thunk) => {
    try {
      await thunk();
      log(`DONE     ${what}`);
    } catch (e) {
      log(`REFUSED  ${what}: ${e.message}`);
    }
  };

  return Far('bootstrap', {
    async bootstrap(vats) {
      // Only this vat ever holds the mint. Alice and Bob get purses and a brand to know them by.
      const { mint, brand } = await E(vats.bank).makeCurrency('moola');
      const { mint: otherMint } = await E(vats.bank).makeCurrency('play money');

      const alice = E(vats.alice).makeTrader('Alice', brand, E(mint).mintPurse(100n));
      const bob = E(vats.bob).makeTrader('Bob', brand, E(mint).mintPurse(20n));

      const counter = await E(bob).getDepositFacet();
      await attempt('Alice pays Bob 30', () => E(alice).pay(counter, 30n));
      await attempt('Alice pays Bob 500, which she does not have', () => E(alice).pay(counter, 500n));
      await attempt('Alice pays Bob -5', () => E(alice).pay(counter, -5n));
      await attempt('Alice takes money out through the deposit facet', () => E(alice).stealFrom(counter));
      await attempt('Alice pays with play money', () =>
        E(alice).payWith(counter, E(otherMint).mintPurse(1000n)));
      await attempt('Alice spends one payment twice', () => E(alice).payTwice(counter, 10n));
      await attempt('Alice makes a payment of her own', () => E(alice).payForged(counter, brand, 1000n));

      const [a, b] = await Promise.all([E(alice).balance(), E(bob).balance()]);
      log(`Alice has ${a}, Bob has ${b}, ${a + b} in all`);
      return harden({ alice: a, bob: b });
    },
  });
};
