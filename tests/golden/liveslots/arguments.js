// Data of every kind as arguments, in and out.
import { Far, E, passStyleOf } from '@endo/far';
import { makeTagged } from '@endo/marshal';

export const buildRootObject = ({ testLog }) => {
  const o = Far('o', {});
  class Counter {
    constructor() {
      this.n = 0;
    }
  }
  return Far('root', {
    styles: (...args) => args.map(a => passStyleOf(a)),
    echo: (...args) => args,
    send: to =>
      E(to).take(
        undefined,
        null,
        true,
        -1.5,
        NaN,
        2n ** 70n,
        'text',
        '#hash',
        Symbol.for('sym'),
        [1, [2]],
        { z: 1, a: { '$': 2, '&': 3 } },
        makeTagged('t', [o]),
        Error('e'),
        o,
        Far('counter', {}),
        Promise.resolve(),
      ),
    getters: to => {
      const p = E(to).take({
        get a() {
          return 1;
        },
      });
      p.catch(e => testLog(e instanceof Error));
    },
    proxies: to => {
      const p = E(to).take(
        new Proxy(
          { a: 1 },
          {
            ownKeys: () => [],
          },
        ),
      );
      p.catch(e => testLog(e instanceof Error));
    },
    instance: to => {
      E(to)
        .take(new Counter())
        .catch(e => testLog(e instanceof Error));
    },
    unhardened: () => {
      const data = { list: [1, 2] };
      const p = Promise.resolve(data);
      testLog(Object.isFrozen(data));
      return p;
    },
    hardens: to => {
      const data = { list: [1, 2] };
      E(to).take(data);
      testLog(Object.isFrozen(data), Object.isFrozen(data.list));
      return data;
    },
  });
};
