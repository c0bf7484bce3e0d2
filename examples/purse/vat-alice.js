// A trader with a purse, and bad habits. Everything she tries goes through objects that she was given.
import { E, Far } from '@endo/far';

export const buildRootObject = () =>
  Far('alice root', {
    makeTrader: (name, brand, purse) =>
      Far(name, {
        async pay(counter, amount) {
          const payment = await E(purse).withdraw(amount);
          return E(counter).deposit(payment);
        },
        stealFrom: counter => E(counter).withdraw(5n),
        // The deposit is sent before the withdrawal is known: a promise is as good as a payment.
        payWith: (counter, otherPurse) => E(counter).deposit(E(otherPurse).withdraw(1000n)),
        async payTwice(counter, amount) {
          const payment = await E(purse).withdraw(amount);
          await E(counter).deposit(payment);
          await E(counter).deposit(payment);
        },
        payForged: (counter, realBrand) =>
          E(counter).deposit(Far('payment', { getAllegedBrand: () => realBrand })),
        balance: () => E(purse).getBalance(),
      }),
  });
