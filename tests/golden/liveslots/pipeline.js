// Pipelining: sends to result promises before, while and after they resolve.
import { Far, E } from '@endo/far';

export const buildRootObject = ({ testLog }) => {
  let kept;
  const local = Far('local', {
    note: n => {
      testLog('note', n);
      return n;
    },
  });
  return Far('root', {
    chain: to => {
      const a = E(to).a();
      const b = E(a).b();
      E(b).c(a, b);
      kept = [a, b];
    },
    nested: to => {
      E(E(E(to).a()).b()).c(E(E(to).d()).e());
    },
    more: n => {
      E(kept[0]).more(n);
      E(kept[1]).more(n);
    },
    watch: () => {
      kept[0].then(
        () => testLog('a settled'),
        () => testLog('a rejected'),
      );
      kept[1].then(
        () => testLog('b settled'),
        () => testLog('b rejected'),
      );
    },
    local: () => local,
  });
};
