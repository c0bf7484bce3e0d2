// E.get, E.when and E.resolve on presences and promises.
import { Far, E } from '@endo/far';

export const buildRootObject = ({ testLog }) => {
  const follow = (name, p) =>
    p.then(
      v => testLog(name, ' fulfilled ', typeof v),
      e => testLog(name, ' rejected ', e.name),
    );
  const ticks = async n => {
    for (let i = 0; i < n; i += 1) {
      testLog('tick', i);
      await null;
    }
  };
  return Far('root', {
    get: to => {
      void ticks(6);
      follow('get', E.get(to).prop);
      follow('iface', E.get(to)[Symbol.toStringTag]);
    },
    getPromise: p => {
      follow('get p', E.get(p).prop);
      follow('p', p);
    },
    getResult: to => {
      const r = E(to).m();
      follow('get r', E.get(r).prop);
      follow('on get', E(E.get(r).prop).n());
      follow('r', r);
    },
    when: (to, p) => {
      follow('when to', E.when(to));
      follow('when p', E.when(p, v => [v]));
      testLog(E.resolve(p) === p, E.resolve(to) === E.resolve(to));
    },
    getLocal: async () => {
      const o = harden({ prop: Promise.resolve(5) });
      void ticks(6);
      follow('local get', E.get(o).prop);
      follow('none', E.get(undefined).prop);
    },
  });
};
