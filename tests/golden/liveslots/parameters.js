// vatParameters with objects and promises; the same objects later.
import { Far, E } from '@endo/far';

export const buildRootObject = ({ testLog }, parameters) => {
  const { a, b, p, n } = parameters;
  testLog(Object.keys(parameters).join(), a === b, n, Object.isFrozen(parameters));
  const sent = E(p).early();
  return Far('root', {
    same: (x, y) => [x === a, y === p],
    sent: () => sent,
  });
};
