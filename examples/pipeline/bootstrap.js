// Three vats, and no waiting in between: each message is sent to the promise of the answer before.
import { E, Far } from '@endo/far';

export const buildRootObject = vatPowers => {
  const log = vatPowers.testLog;
  return Far('bootstrap', {
    async bootstrap({ factory, parts }) {
      // All five messages leave at once. Nothing here waits for a round trip: the kernel keeps what
      // is sent to a promise until it is known who the answer is, and then sends it there.
      const machine = E(factory).makeMachine(parts);
      const wheel = E(machine).getPart('wheel');
      const spokes = E(wheel).getSpokes();
      const label = E(E(machine).getPart('bell')).describe();
      log('all sent');

      log(`spokes: ${await spokes}`);
      log(`label: ${await label}`);

      // What goes wrong on the way arrives at the end of the chain.
      await E(E(E(machine).getPart('wing')).unfold())
        .flap()
        .catch(e => log(`no wing: ${e.message}`));
      return spokes;
    },
  });
};
