// Devices: D(node).method(...args), and what nodes are otherwise.
import { E, Far } from '@endo/far';

export const buildRootObject = ({ D, testLog }, { device }) => {
  const held = [];
  const attempt = f => {
    try {
      const value = f();
      testLog(typeof value, value);
    } catch (e) {
      testLog(`${e}`);
    }
  };
  attempt(() => D(device).inStart(1));
  return Far('root', {
    call: (node, ...args) => D(node).call(...args),
    hold: node => {
      held.push(D(node).hold());
    },
    drop: () => {
      held.length = 0;
    },
    two: (node, to) => {
      E(to).before();
      const a = D(node).a();
      E(to).between(a);
      const b = D(node).b();
      E(to).after(b);
    },
    fail: node => attempt(() => D(node).fail(1)),
    rejects: node => D(node).fail(2),
    fresh: node => D(node).take(Far('fresh', { hi: () => 'hi' })),
    promises: node => {
      attempt(() => D(node).take(new Promise(() => {})));
      attempt(() => D(node).take([Promise.resolve(1)]));
    },
    wrong: node => {
      attempt(() => D(D(node)));
      attempt(() => D({}));
      attempt(() => D());
      attempt(() => D(node)[''](1));
    },
    name: node => D(node).name(),
    length: node => D(node).length(),
    constructor: node => D(node).constructor(),
    awaited: async node => {
      const answer = await D(node).soon();
      return [answer];
    },
    message: node => E(node).hey(),
    back: node => node,
    same: node => [node === device, `${node}`],
    send: (to, node) => E(to).take(node),
  });
};
