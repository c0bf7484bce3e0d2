// Before, while and after a promise becomes a presence.
clock(7);
const k = kit(handler('pending'));
show('a', E(k.promise).a());
Promise.resolve()
  .then(() => {
    show('b', E(k.promise).b());
    k.resolveWithPresence(handler('presence'));
    show('c', E(k.promise).c());
  })
  .then(() => show('d', E(k.promise).d()));
show('e', E(k.promise).e());
