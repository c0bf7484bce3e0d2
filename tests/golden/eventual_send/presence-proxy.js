clock(5);
const seen = [];
const traps = {
  get(_t, key) {
    seen.push(String(key));
    return key === 'there' ? 'THERE' : undefined;
  },
};
let revoke;
const k = kit();
const presence = k.resolveWithPresence(handler('h', 'answer'), {
  proxy: { target: {}, handler: traps, revokerCallback: r => (revoke = r) },
});
log(presence.there, seen.join());
show('get', E.get(k.promise).foo);
show('method', E(k.promise).m(1));
k.promise.then(p => {
  log(p === presence);
  revoke();
  try {
    log(presence.there);
  } catch (e) {
    log('revoked', e.name);
  }
});
const l = kit();
const plain = l.resolveWithPresence(handler('l'), { proxy: { target: () => {}, handler: {} } });
log(typeof plain);
show('call', E(l.promise)(2));
const bad = kit();
try {
  bad.resolveWithPresence({}, { proxy: { target: 5, handler: {} } });
} catch (e) {
  log('bad', e.name);
}
bad.promise.catch(e => log('bad', e.name));
