// A handler may have functions of its own for sends without answer, or not.
const with_ = {
  getSendOnly: (...a) => log('getSendOnly', a.length, a[1], a[a.length - 1]),
  applyFunctionSendOnly: (...a) => log('applyFunctionSendOnly', a.length, a[1]),
  applyMethodSendOnly: (...a) => log('applyMethodSendOnly', a.length, a[1], a[2]),
};
const without = {
  get: (...a) => log('get', a.length, a[1], a[2]),
  applyFunction: (...a) => log('applyFunction', a.length, a[1], a[2]),
  applyMethod: (...a) => log('applyMethod', a.length, a[1], a[2], a[3]),
};
for (const h of [with_, without]) {
  const pending = kit(h);
  const k = kit();
  const presence = k.resolveWithPresence(h);
  for (const target of [pending.promise, k.promise, presence]) {
    HandledPromise.getSendOnly(target, 'key');
    HandledPromise.applyFunctionSendOnly(target, ['arg']);
    HandledPromise.applyMethodSendOnly(target, 'key', ['arg']);
  }
}
