clock(5);
const o = { m: x => x };
show('all', HandledPromise.all([E(o).m(1), 2, Promise.resolve(3)]));
show('race', HandledPromise.race([E(o).m('first'), new Promise(() => {})]));
show('any', HandledPromise.any([Promise.reject(1), E(o).m('any')]));
show('settled', HandledPromise.allSettled([E(o).m(1), Promise.reject(2)]).then(r => r.map(x => x.status)));
show('reject', HandledPromise.reject(Error('no')));
log(Object.isFrozen(HandledPromise.reject(1).catch(() => {}) && HandledPromise.all([])));
