const hp = new HandledPromise(() => {});
log(Promise.resolve(hp) === hp, Object.getPrototypeOf(hp) === Promise.prototype, hp.constructor === Promise);
log(HandledPromise.prototype === Promise.prototype, Object.isFrozen(hp), Reflect.ownKeys(hp).length);
log(hp instanceof HandledPromise, Object.getPrototypeOf(HandledPromise) === Promise, HandledPromise.length);
for (const key of ['get', 'getSendOnly', 'applyFunction', 'applyFunctionSendOnly', 'applyMethod', 'applyMethodSendOnly', 'resolve']) {
  const d = Object.getOwnPropertyDescriptor(HandledPromise, key);
  log(key, typeof d.value, d.value.length, d.enumerable, d.writable, d.configurable);
}
log(Object.isFrozen(HandledPromise), Object.prototype.toString.call(hp));
let args;
new HandledPromise((...a) => (args = a));
log(args.length, args.map(f => `${typeof f} ${f.length}`).join());
class Sub extends HandledPromise {
  extra() {
    return 'extra';
  }
}
const sub = new Sub(r => r(5));
log(sub instanceof Sub, sub.extra(), Object.isFrozen(sub));
show('sub', sub);
