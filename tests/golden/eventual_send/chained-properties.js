// get and call on answers that are not there yet, all through handlers.
clock(12);
const data = {};
const h = {
  applyMethod(_target, key) {
    log('apply', key);
    return data;
  },
};
data.prop = new HandledPromise(() => {}, h);
const k = kit(h);
const p = E(E.get(E(k.promise).first()).prop).second();
log('sent');
k.resolveWithPresence(h);
show('end', p.then(v => v === data));
