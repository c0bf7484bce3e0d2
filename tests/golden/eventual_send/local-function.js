clock(3);
show('called', E((a, b) => log('f', a, b) || a * b)(6, 7));
show('static', HandledPromise.applyFunction(x => x, ['same']));
show('not', E({ f() {} })(1));
show('undefined', E(undefined)());
show('null', HandledPromise.applyFunction(null, []));
