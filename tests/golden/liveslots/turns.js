// The order of turns: chains of reactions, async functions, local sends, sends to presences.
import { Far, E } from '@endo/far';
import { makePromiseKit } from '@endo/promise-kit';

export const buildRootObject = ({ testLog }) => {
  const local = Far('local', {
    m: n => {
      testLog('local', n);
      return n;
    },
    async a(n) {
      testLog('async', n);
      await null;
      testLog('async after', n);
      return n;
    },
  });
  const ticks = async (name, n) => {
    for (let i = 0; i < n; i += 1) {
      testLog(name, i);
      await null;
    }
  };
  const follow = (name, p) =>
    p.then(
      v => testLog(name, 'done', v),
      e => testLog(name, 'failed', e.message),
    );
  return Far('root', {
    mixed: to => {
      void ticks('tick', 12);
      follow('m', E(local).m(1));
      follow('a', E(local).a(2));
      follow('pm', E(Promise.resolve(local)).m(3));
      follow('none', E(local).none());
      follow('f', E(local)());
      const kit = makePromiseKit();
      follow('kit', E(kit.promise).m(4));
      kit.resolve(local);
      follow('chain', E(E(local).m(5)).toString());
      follow('when', E.when(E(local).m(6)));
      follow('get', E.get(local).m);
      E(to).sent(1);
      E(E(to).sent(2)).sent(3);
      E(kit.promise).m(7);
      E.sendOnly(local).m(8);
      testLog('end of turn');
      return E(local).m(9);
    },
    async resolved(to) {
      const p = E(to).first();
      follow('p', p);
      follow('p then', p.then(v => [v].length));
      follow('wrapped', Promise.resolve(p));
      follow('made', new Promise(r => r(p)));
      follow('pipelined', E(p).second());
      const v = await p;
      testLog('awaited', v);
      void ticks('tick', 8);
      follow('to value', E(p).toString());
      return v;
    },
  });
};
