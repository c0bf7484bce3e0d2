// HandledPromises of the vat's own: handlers, presences with handlers, exported while pending.
import { Far, E } from '@endo/far';

export const buildRootObject = ({ testLog }) => {
  let settle;
  const handler = name => ({
    applyMethod: (_o, m, args) => {
      testLog(name, 'applyMethod', m, args.length);
      return `${name}.${m}`;
    },
    applyFunction: (_o, args) => {
      testLog(name, 'applyFunction', args.length);
    },
    get: (_o, k) => {
      testLog(name, 'get', k);
      return k;
    },
  });
  return Far('root', {
    pending: to => {
      const p = new HandledPromise((res, _rej, resP) => {
        settle = { res, resP };
      }, handler('pending'));
      E(to).take(p);
      E(p).m(1);
      return E(p).n(1, 2);
    },
    presence: () => {
      const o = settle.resP(handler('presence'));
      testLog(typeof o);
      return E(o).m();
    },
    fulfil: v => settle.res(v),
  });
};
