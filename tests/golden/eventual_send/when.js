clock(5);
E.when(123, v => log('value', v));
E.when(Promise.reject('foo'), undefined, r => log('reason', r));
E.when(Promise.resolve('a'), v => log('yes', v), () => log('no'));
show('passed on', E.when(E({ m: () => 7 }).m()));
show('mapped', E.when(E({ m: () => 7 }).m(), v => v + 1));
show('thrown', E.when(1, () => { throw Error('in when'); }));
show('nothing', E.when());
