// A promise cannot be resolved to itself, nor around a corner.
clock(6);
const s = kit();
s.resolve(s.promise);
s.promise.catch(e => log('self', e.name));
const [a, b] = [kit(), kit()];
a.resolve(b.promise);
b.resolve(a.promise);
a.promise.catch(e => log('a', e.name));
b.promise.catch(e => log('b', e.name));
const [c, d, e] = [kit(), kit(), kit()];
c.resolve(d.promise);
d.resolve(e.promise);
e.resolve(c.promise);
for (const [name, k] of Object.entries({ c, d, e })) k.promise.catch(err => log(name, err.name));
