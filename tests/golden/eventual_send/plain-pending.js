// A send to a pending promise takes its place among the reactions.
clock(6);
let resolve;
const p = new Promise(r => (resolve = r));
p.then(() => log('before'));
show('answer', E(p).m(1));
p.then(() => log('after'));
show('got', E.get(p).v);
show('called', E(p)());
E({ go: () => log('go') || resolve({ m: x => log('m', x) || x, v: 'v' }) }).go();
