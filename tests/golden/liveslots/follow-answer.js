// What is resolved to the answer of a send settles with the answer, before the next of the batch.
import { Far, E } from '@endo/far';
import { makePromiseKit } from '@endo/promise-kit';

export const buildRootObject = ({ testLog }) => {
  const local = Far('local', { echo: v => v, wait: async v => v });
  const follow = (name, p) =>
    p.then(
      v => testLog(name, ' fulfilled ', v),
      e => testLog(name, ' rejected ', e),
    );
  return Far('root', {
    send: (to, p) => {
      const a = E(to).a();
      const b = E(to).b();
      const k = makePromiseKit();
      follow('a', a);
      follow('echo a', E(local).echo(a));
      k.resolve(a);
      follow('kit a', k.promise);
      follow('wait a', E(local).wait(a));
      follow('echo kit', E(local).echo(k.promise));
      follow('import', p);
      follow('echo import', E(local).echo(p));
      follow('made', new Promise(r => r(a)));
      follow('made again', new HandledPromise(r => r(a)));
      follow('b', b);
    },
  });
};
