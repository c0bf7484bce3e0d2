// Imports and exports that are lost while the vat runs; what a bringOutYourDead finds.
import { Far, E } from '@endo/far';
import { makePromiseKit } from '@endo/promise-kit';

export const buildRootObject = ({ testLog }) => {
  const kept = new Map();
  let mine;
  let kit;
  return Far('root', {
    look: (...xs) => {
      testLog('looked at ', xs.length);
    },
    hold: (name, x) => {
      kept.set(name, x);
    },
    free: name => {
      kept.delete(name);
    },
    same: (name, x) => kept.get(name) === x,
    echo: x => x,
    tag: x => x[Symbol.toStringTag],
    call: (x, ...args) => {
      E(x).m(...args);
    },
    answer: x => E(x).m(),
    make: () => {
      mine = Far('mine', {});
    },
    give: () => mine,
    lose: () => {
      mine = undefined;
    },
    later: x => {
      kit = makePromiseKit();
      return kit.promise.then(() => x);
    },
    pipe: (x, y) => {
      kit = makePromiseKit();
      E(kit.promise).m(y);
      E(kit.promise).n(x);
    },
    settle: v => {
      kit.resolve(v);
      kit = undefined;
    },
    fresh: x => E(x).m(Far('fresh', {}), Far('fresh', {})),
  });
};
