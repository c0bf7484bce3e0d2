// Which reactions come first when one notify settles results and imports together.
import { Far, E } from '@endo/far';

export const buildRootObject = ({ testLog }) => {
  const follow = (name, p) =>
    p.then(
      v => testLog(name, 'fulfilled', v),
      e => testLog(name, 'rejected', e),
    );
  return Far('root', {
    start: (to, p, q) => {
      follow('import p', p);
      follow('result a', E(to).a());
      follow('import q', q);
      follow('result b', E(to).b());
      const c = E(to).c();
      follow('c', c);
      follow('c again', c);
      follow('when c', E.when(c));
      follow('c of c', E(c).d());
    },
  });
};
