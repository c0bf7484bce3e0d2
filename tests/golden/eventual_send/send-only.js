clock(4);
let c = 0;
const x = {
  add(n) {
    c += n;
    log('add', c);
    return Promise.reject(Error('nobody sees it'));
  },
  thrower() {
    throw Error('nor this');
  },
};
log(E.sendOnly(x).add(42), c, E.sendOnly(x).thrower(), E.sendOnly(x).missing());
log(E.sendOnly(n => log('f', n))(7), E.sendOnly(undefined)(), E.sendOnly(Promise.reject(1)).m());
log(HandledPromise.getSendOnly(x, 'q'), HandledPromise.applyFunctionSendOnly(() => log('g'), []));
log(HandledPromise.applyMethodSendOnly(x, 'add', [1]));
