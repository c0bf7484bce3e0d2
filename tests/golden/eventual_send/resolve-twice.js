const k = kit();
log(k.resolve(123), k.reject(9), k.resolve(4));
show('k', k.promise);
const l = kit();
log(l.reject(9), l.resolve(123));
show('l', l.promise);
const m = kit();
m.resolve(new Promise(() => {}));
m.resolve(5);
m.reject(6);
m.promise.then(
  () => log('no'),
  () => log('no'),
);
