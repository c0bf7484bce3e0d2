clock(6);
const k = kit();
k.promise.then(() => log('first reaction'));
show('a', E(k.promise).m(1));
k.promise.then(() => log('second reaction'));
k.resolve({ m: x => log('m', x) || x });
show('b', E(k.promise).m(2));
k.promise.then(() => log('third reaction'));
