// Handled some turns later is handled.
const k = kit();
k.reject('in time');
const l = kit();
l.reject('too');
(async () => {
  for (let i = 0; i < 10; i += 1) await null;
  k.promise.catch(r => log('caught', r));
  E.sendOnly(l.promise).m();
})();
E.sendOnly(kit({ get: () => ({}), applyFunction: () => { throw 'composed'; } }).promise).m();
