// What a handler lacks is composed from what it has.
const make = h => {
  const k = kit();
  k.resolveWithPresence(h);
  return k.promise;
};
clock(9);
const getter = { get: (o, key) => log('get', String(key)) || o, applyFunction: (_o, a) => log('call', a) || a.join('+') };
show('method', HandledPromise.applyMethod(make(getter), 'bar', ['abc', 123]));
show('method on symbol', E(make(getter))[Symbol.for('s')](1));
const methods = { applyMethod: (_o, key, a, ...rest) => log('apply', key, a, rest.length) || 'applied' };
show('function', HandledPromise.applyFunction(make(methods), ['foo', 123]));
show('get', E.get(make(methods)).foo);
show('only function', E(make({ applyFunction() {} })).m());
show('nothing', E(make({}))());
show('symbols', E.get(make({ __proto__: { [Symbol.for('extra')]() {} }, applyMethod() {}, x: 5 })).foo);
show('send only', Promise.resolve(E.sendOnly(make(getter)).m(1)));
