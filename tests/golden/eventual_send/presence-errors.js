const k = kit();
for (const bad of [1, 'x', null, true, 5n, Symbol.iterator]) {
  const l = kit();
  try {
    l.resolveWithPresence(bad);
  } catch (e) {
    log(e.name, e.message);
  }
  show('rejected', l.promise);
}
for (const bad of [1, 'x', true, 5n, Symbol.iterator]) {
  try {
    new HandledPromise(() => log('not run'), bad);
  } catch (e) {
    log(e.name, e.message);
  }
}
for (const none of [undefined, null, 0, '', false]) show('none', E(new HandledPromise(r => r({ m: () => 'local' }), none)).m());
try {
  k.resolveWithPresence({}, null);
} catch (e) {
  log(e.name);
}
k.promise.catch(e => log('and', e.name));
