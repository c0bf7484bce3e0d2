// Presences and exports as keys of WeakMaps and WeakSets.
import { Far } from '@endo/far';

export const buildRootObject = () => {
  let wm = new WeakMap();
  const ws = new WeakSet();
  let mine;
  return Far('root', {
    look: () => {},
    key: (x, v) => {
      wm.set(x, v);
    },
    get: x => wm.get(x),
    has: x => wm.has(x),
    unkey: x => wm.delete(x),
    add: x => {
      ws.add(x);
    },
    in: x => ws.has(x),
    out: x => ws.delete(x),
    forget: () => {
      wm = new WeakMap();
    },
    tag: x => x[Symbol.toStringTag],
    make: v => {
      mine = Far('mine', {});
      wm.set(mine, v);
    },
    give: () => mine,
    got: () => wm.get(mine),
    lose: () => {
      mine = undefined;
    },
  });
};
