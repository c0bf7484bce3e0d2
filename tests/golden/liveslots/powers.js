// What buildRootObject is given, and the globals.
import { Far } from '@endo/far';

export const buildRootObject = (...args) => {
  const [powers, , baggage] = args;
  const { testLog } = powers;
  testLog(args.length, Object.isFrozen(powers));
  testLog('log', 1, 2n ** 60n < 3, [1, 'x', { a: null }], undefined === undefined);
  testLog({ long: 'abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz' });
  testLog(typeof powers.D, typeof powers.exitVat, typeof powers.exitVatWithFailure, typeof powers.disavow);
  testLog(baggage.has('k'), baggage.getSize());
  baggage.init('k', 5);
  testLog(baggage.get('k'), [...baggage.keys()].join());
  baggage.set('k', 6);
  testLog(baggage.get('k'), baggage.getSize());
  const fails = f => {
    try {
      f();
    } catch (e) {
      testLog(e.name);
    }
  };
  fails(() => baggage.init('k', 1));
  fails(() => baggage.get('absent'));
  fails(() => baggage.set('absent', 1));
  fails(() => baggage.delete('absent'));
  fails(() => powers.D({}));
  baggage.delete('k');
  testLog(baggage.has('k'));
  return Far('root', {
    globals: () =>
      ['WeakRef', 'FinalizationRegistry', 'setTimeout', 'harden', 'HandledPromise', 'console', 'assert', 'TextEncoder', 'process', 'Compartment', 'E', 'Base64'].filter(
        name => typeof globalThis[name] !== 'undefined',
      ),
  });
};
