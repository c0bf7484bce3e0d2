// Errors that come in: in arguments, in rejections; sent on.
import { Far, E } from '@endo/far';

export const buildRootObject = ({ testLog }) => {
  const show = e => testLog(e instanceof Error, e.name, e.message, e instanceof TypeError);
  return Far('root', {
    take: (...es) => es.forEach(show),
    onward: (to, e) => E(to).take(e),
    caught: to =>
      E(to)
        .m()
        .catch(e => {
          show(e);
          throw e;
        }),
    uncaught: to => E(to).m(),
    unhandled: () => {
      void Promise.reject(Error('nobody cares'));
      Promise.reject(5);
    },
  });
};
