clock(5);
let presence;
const h = {
  get: (...a) => log('get', a.length, a[0] === presence, a[1], a[2] instanceof Promise) || 'got',
  applyFunction: (...a) => log('applyFunction', a.length, a[0] === presence, a[1], a[2] instanceof Promise) || 'called',
  applyMethod: (...a) => log('applyMethod', a.length, a[0] === presence, a[1], a[2], a[3] instanceof Promise) || 'applied',
};
const k = kit();
presence = k.resolveWithPresence(h);
log(Object.getPrototypeOf(presence), Object.isFrozen(presence), Reflect.ownKeys(presence).length);
for (const target of [presence, k.promise, Promise.resolve(presence)]) {
  show('get', E.get(target).key);
  show('call', E(target)(1));
  show('method', E(target).m(2));
}
show('is', k.promise.then(v => v === presence));
log(HandledPromise.resolve(presence) === k.promise, E.resolve(presence) === k.promise);
