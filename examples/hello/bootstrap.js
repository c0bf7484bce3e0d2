// The bootstrap vat gets the root objects of all the others and the command line's arguments.
import { E, Far } from '@endo/far';

export const buildRootObject = (vatPowers, vatParameters) => {
  const { argv = [] } = vatParameters;
  return Far('bootstrap', {
    async bootstrap(vats) {
      const name = argv[0] || 'world';
      const answer = await E(vats.greeter).greet(name);
      vatPowers.testLog(answer);
      return answer;
    },
  });
};
