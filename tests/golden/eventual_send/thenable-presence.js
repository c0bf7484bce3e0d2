// A proxy presence whose `then` is a function.
clock(8);
const k = kit();
const presence = k.resolveWithPresence(handler('h', 'answer'), {
  proxy: {
    target: {},
    handler: { get: (_t, key) => (key === 'then' ? r => log('then') || r('adopted') : undefined) },
  },
});
show('promise', k.promise);
show('sent', E(k.promise).m());
show('to presence', E(presence).m());
