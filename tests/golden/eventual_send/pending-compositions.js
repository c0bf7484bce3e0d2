clock(10);
const getter = {
  get: (...a) => log('get', a.length, a[1], a[2]) || Promise.resolve(harden({ f: 1 })),
  applyFunction: (...a) => log('call', a.length, a[1]) || 'called',
};
show('method', E(kit(getter).promise).bar('abc'));
const methods = { applyMethod: (...a) => log('apply', a.length, a[1], a[2], a[3] instanceof Promise) || 'applied' };
show('function', E(kit(methods).promise)('foo', 123));
show('get', E.get(kit(methods).promise).foo);
show('nothing', E(kit({}).promise)());
E.sendOnly(kit({}).promise).m();
