clock(8);
const o = { m: x => log('m', x) || x };
show('now', E({ then: r => log('then 1') || r(o) }).m(1));
show('later', E({ then: r => log('then 2') || E({ go: () => r(o) }).go() }).m(2));
show('rejects', E({ then: (_, j) => j(Error('no')) }).m(3));
show('throws', E({ then: () => { throw Error('thrown'); } }).m(4));
show('not', E({ then: 5, m: x => x }).m(5));
show('inherited', E({ __proto__: { then: r => r(o) } }).m(6));
E.sendOnly({ then: (_, j) => j(Error('unseen')) }).m(7);
