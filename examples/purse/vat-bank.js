// Money as objects. Who holds a purse can spend from it; who holds a deposit facet can only put in;
// who holds the mint can make more. None of it is written down anywhere else: there is no list of
// who may do what, because what you hold is what you may do.
import { E, Far } from '@endo/far';

const makeCurrency = name => {
  // What a payment or purse is worth is known only to this closure: an object made elsewhere is in
  // neither map, whatever methods it has.
  const balances = new WeakMap();
  const payments = new WeakMap();

  const checkAmount = amount => {
    if (typeof amount !== 'bigint' || amount < 0n) {
      throw Error(`${amount} is not an amount of ${name}`);
    }
  };
  const take = (purse, amount) => {
    checkAmount(amount);
    const balance = balances.get(purse);
    if (balance < amount) {
      throw Error(`only ${balance} ${name} left`);
    }
    balances.set(purse, balance - amount);
  };

  const makePurse = start => {
    const depositFacet = Far('deposit facet', {
      // A payment arrives as a promise or as itself; it is spent when it is deposited.
      async deposit(paymentP) {
        const payment = await paymentP;
        if (!payments.has(payment)) {
          throw Error(`not a live payment of ${name}`);
        }
        const amount = payments.get(payment);
        payments.delete(payment);
        balances.set(purse, balances.get(purse) + amount);
        return amount;
      },
    });
    const purse = Far('purse', {
      withdraw(amount) {
        take(purse, amount);
        const payment = Far('payment', { getAllegedBrand: () => brand });
        payments.set(payment, amount);
        return payment;
      },
      deposit: payment => E(depositFacet).deposit(payment),
      getBalance: () => balances.get(purse),
      getDepositFacet: () => depositFacet,
    });
    balances.set(purse, start);
    return purse;
  };

  const brand = Far('brand', { getName: () => name });
  const mint = Far('mint', {
    mintPurse(amount) {
      checkAmount(amount);
      return makePurse(amount);
    },
  });
  return harden({ mint, brand });
};

export const buildRootObject = () => Far('bank', { makeCurrency });
