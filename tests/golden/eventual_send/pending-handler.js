clock(5);
let k;
const h = {
  get: (...a) => log('get', a.length, a[0] === k.promise, a[1], a[2] instanceof Promise),
  applyFunction: (...a) => log('applyFunction', a.length, a[0] === k.promise, a[1], a[2] instanceof Promise),
  applyMethod: (...a) => log('applyMethod', a.length, a[0] === k.promise, a[1], a[2], a[3] instanceof Promise),
};
k = kit(h);
show('get', E.get(k.promise).key);
show('call', E(k.promise)(1, 2));
show('method', E(k.promise).m(3));
log('sent');
