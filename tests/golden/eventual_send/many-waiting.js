clock(8);
const k = kit();
for (let i = 0; i < 5; i += 1) {
  show(`p${i}`, E(k.promise).m(i));
  k.promise.then(() => log('reaction', i));
}
(async () => {
  await null;
  for (let i = 5; i < 8; i += 1) show(`p${i}`, E(k.promise).m(i));
  await null;
  k.resolve({ m: i => log('m', i) || i });
})();
