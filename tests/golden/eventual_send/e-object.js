const e = E({ foo() {} });
log(typeof e, typeof E.sendOnly(1), typeof E.get(1), typeof e.foo, typeof e.then);
log(Object.isFrozen(e), 'any' in e, Symbol.iterator in e, Object.isExtensible(e));
log(Reflect.set(e, 'foo', 1), Reflect.deleteProperty(e, 'foo'), Reflect.defineProperty(e, 'q', { value: 1 }));
log(Reflect.setPrototypeOf(e, {}), Object.getPrototypeOf(e) === Function.prototype);
log(Object.getPrototypeOf(E.get(1)), Reflect.preventExtensions(e));
try {
  e.foo = 1;
} catch (err) {
  log('set', err.name);
}
try {
  new e();
} catch (err) {
  log('new', err.name);
}
try {
  delete e.foo;
} catch (err) {
  log('delete', err.name);
}
log(e.foo === e.foo, Object.isFrozen(e.foo), Object.keys(E).sort().join(), Object.isFrozen(E));
log(E.resolve === HandledPromise.resolve, typeof E.when);
