clock(14);
const kits = Array.from({ length: 6 }, () => kit());
kits.forEach((k, i) => show(`early ${i}`, E(k.promise).m(i)));
kits.slice(1).forEach((k, i) => kits[i].resolve(k.promise));
kits.forEach((k, i) => show(`later ${i}`, E(k.promise).m(i)));
kits.forEach((k, i) => k.promise.then(() => log('settled', i)));
(async () => {
  await null;
  await null;
  await null;
  kits[5].resolve({ m: x => log('m', x) || x });
})();
