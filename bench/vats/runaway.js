// Vats that do not stop by themselves, in all the ways that we know.
import { E, Far } from '@endo/far';

const recurse = n => 1 + recurse(n + 1);

export const buildRootObject = () => {
  const root = Far('root', {
    ping: i => i,
    loop() {
      for (;;);
    },
    recurse: () => recurse(0),
    objects() {
      const all = [];
      for (;;) all.push({});
    },
    string() {
      let s = 'x';
      for (;;) s += s;
    },
    array() {
      const all = [];
      for (;;) all.push(new Array(100000).fill(0));
    },
    // what the engine does not count: only the watchdog ends it
    builtin() {
      const all = [];
      all.length = 4294967295;
      all[4294967294] = 1;
      return all.sort().length;
    },
    // to itself, so in one delivery that never ends; and to another vat, in deliveries without end
    again() {
      E(root).again();
    },
    async pingPong(other) {
      for (;;) await E(other).ping(0);
    },
  });
  return root;
};
