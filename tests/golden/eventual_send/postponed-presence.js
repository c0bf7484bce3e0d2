clock(10);
const k = kit();
show('a', E(k.promise).hello('World'));
E.sendOnly(k.promise).only(1);
(async () => {
  await null;
  await null;
  k.resolveWithPresence(handler('h', 'answer'));
  show('b', E(k.promise).hello(2));
})();
