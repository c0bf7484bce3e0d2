const o = { a: () => 'a', 1: () => 'one', undefined: () => 'undefined', null: () => 'null' };
show('object key', HandledPromise.applyMethod(o, { toString: () => 'a' }, []));
show('number key', HandledPromise.applyMethod(o, 1, []));
show('undefined key', HandledPromise.applyMethod(o, undefined, []));
show('null key', HandledPromise.applyMethod(o, null, []));
show('got', HandledPromise.get({ x: 'x' }, { toString: () => 'x' }));
const f = (...args) => args.join('+');
show('set', HandledPromise.applyFunction(f, new Set([1, 2])));
show('string', HandledPromise.applyFunction(f, 'abc'));
show('generator', HandledPromise.applyFunction(f, (function* g() { yield 1; yield 2; })()));
show('holes', HandledPromise.applyFunction((...args) => args.length, [, 1, ,]));
show('arguments', HandledPromise.applyFunction(f, (function a() { return arguments; })(3, 4)));
show('typed', HandledPromise.applyFunction(f, new Uint8Array([5, 6])));
for (const bad of [undefined, null, 5, {}]) {
  try {
    HandledPromise.applyFunction(f, bad);
  } catch (e) {
    log('bad', e.name);
  }
}
try {
  HandledPromise.applyMethod(o, { toString() { throw Error('no key'); } }, []);
} catch (e) {
  log(e.message);
}
