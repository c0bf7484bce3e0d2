clock(5);
show('rejected', E(Promise.reject(Error('why'))).m());
let reject;
const p = new Promise((_, r) => (reject = r));
show('later', E(p).m());
p.catch(() => log('own'));
show('second', E.get(p).v);
reject(Error('because'));
