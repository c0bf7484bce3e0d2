// Sends to one object arrive in the order in which they were sent, among the other jobs.
const o = { m: x => log('m', x) };
Promise.resolve().then(() => log('job 1'));
E(o).m(1);
Promise.resolve().then(() => log('job 2'));
HandledPromise.applyMethod(o, 'm', [2]);
E(o).m(3);
Promise.resolve().then(() => log('job 3'));
log('end');
