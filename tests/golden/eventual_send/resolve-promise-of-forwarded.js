// Which promise is followed when it was forwarded, before and after anybody looked.
clock(12);
const [a, b, c, d] = [kit(), kit(), kit(), kit()];
a.resolve(b.promise);
c.resolve(a.promise);
b.resolveWithPresence(handler('h'));
d.resolve(a.promise);
for (const [name, k] of Object.entries({ a, b, c, d })) k.promise.then(() => log(name, 'settled'));
const e = kit();
e.resolve(a.promise);
e.promise.then(() => log('e settled'));
