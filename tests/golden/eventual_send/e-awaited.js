// E(x) is a thenable: awaiting it sends `then`.
const x = { then: (resolve, _reject) => log('then', typeof resolve) || resolve('settled') };
clock(6);
show('awaited', Promise.resolve(E(x)));
show('no then', Promise.race([Promise.resolve(E({ then: 5 })), new Promise(() => {})]));
