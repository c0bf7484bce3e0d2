// A host of plugins: each gets a vat of its own. Whatever one does, the others and we go on.
import { E, Far } from '@endo/far';

export const buildRootObject = ({ testLog }) => {
  const fate = (name, ended) =>
    E.when(
      ended,
      info => testLog(`${name} left: ${info}`),
      reason => testLog(`${name} ended: ${reason.message ?? reason}`),
    );
  const attempt = (what, answer) =>
    E.when(
      answer,
      value => testLog(`${what}: ${value}`),
      reason => testLog(`${what}: refused, ${reason.message}`),
    );

  return Far('bootstrap', {
    async bootstrap(vats, devices) {
      const vatAdmin = await E(vats.vatAdmin).createVatAdminService(devices.vatAdmin);
      const bundle = await E(vatAdmin).getNamedBundleCap('plugin');
      const load = (name, options = {}) =>
        E(vatAdmin).createVat(bundle, { name, vatParameters: { name }, ...options });

      // By bundle, and by the bundle's name.
      const { root: tom } = await load('tom');
      const { root: kim, adminNode: kimAdmin } = await E(vatAdmin).createVatByName('plugin', {
        name: 'kim',
        vatParameters: { name: 'kim' },
      });
      await attempt('tom', E(tom).greet('kim'));
      await attempt('kim', E(kim).greet('tom'));

      // Two on one meter. What is left of it goes down with each delivery.
      const meter = await E(vatAdmin).createMeter(50_000_000n, 40_000_000n);
      const crossed = E(E(meter).getNotifier()).getUpdateSince();
      const ann = await load('ann', { meter });
      const bob = await load('bob', { meter });
      const annEnds = fate('ann', E(ann.adminNode).done());
      await attempt('ann', E(ann.root).burn(1000));
      const before = (await E(meter).get()).remaining;
      await attempt('bob', E(bob.root).burn(500_000));
      const after = (await E(meter).get()).remaining;
      testLog(`bob used the meter: ${after < before}`);

      // One of them uses up all that is left, and is no more. The other one stays.
      await attempt('ann burns everything', E(ann.root).burn(4_000_000));
      await annEnds;
      const { value } = await crossed;
      testLog(`told that the meter is low: ${value < 40_000_000n}`);
      await E(meter).addRemaining(50_000_000n);
      await attempt('bob', E(bob.root).greet('ann'));

      // A loop without end.
      const max = await load('max');
      const maxEnds = fate('max', E(max.adminNode).done());
      await attempt('max loops', E(max.root).loop());
      await maxEnds;

      // Ended from outside, by itself, and by itself because it cannot go on.
      const kimEnds = fate('kim', E(kimAdmin).done());
      await E(kimAdmin).terminateWithFailure(Error('no more need of kim'));
      await kimEnds;
      await attempt('kim', E(kim).greet('nobody'));
      for (const [name, method] of [['zoe', 'leave'], ['ned', 'giveUp']]) {
        const { root, adminNode } = await load(name);
        const ends = fate(name, E(adminNode).done());
        await E.when(E(root)[method]('enough'), undefined, () => {});
        await ends;
      }

      // What cannot be had.
      await attempt('broken', load('broken'));
      await attempt('a bad name', load('two words'));
      await attempt('a bad option', load('x', { colour: 'blue' }));
      await attempt('no bundle', E(vatAdmin).createVatByName('absent'));
      await attempt('no cap', E(vatAdmin).createVat(Far('cap', {})));
      await attempt('no meter', load('y', { meter: Far('meter', {}) }));
      await attempt('no key', load('z', { critical: true }));

      await attempt('tom', E(tom).greet('those who are left'));
      return 'all well';
    },
  });
};
