clock(4);
const o = { m: x => log('m', x) || x };
const p = Promise.resolve(o);
p.then(() => log('before'));
show('answer', E(p).m(1));
p.then(() => log('after'));
