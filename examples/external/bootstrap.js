// Talks to a vat that is a Python program as it would to any other.
import { E, Far } from '@endo/far';

export const buildRootObject = vatPowers => {
  const listener = Far('listener', {
    told: (name, balance) => vatPowers.testLog(`told that ${name} has ${balance}`),
  });
  return Far('bootstrap', {
    async bootstrap({ ledger }) {
      vatPowers.testLog(`Ada has ${await E(ledger).add('Ada', 30)}`);
      vatPowers.testLog(`Ada has ${await E(ledger).add('Ada', 12)}`);
      await E(ledger)
        .add('Bob', -5)
        .catch(problem => vatPowers.testLog(`refused: ${problem.message}`));
      await E(ledger)
        .steal('Ada')
        .catch(() => vatPowers.testLog('no such method'));
      await E(ledger).tell(listener, 'Ada');
      return E(ledger).balance('Ada');
    },
  });
};
