// A method of E(x) may only be called on what it was got from.
const x = { double: n => n * 2, [Symbol.for('s')]: () => 's' };
const e = E(x);
const { double } = e;
show('detached', double(6));
show('other', double.call(x, 6));
show('same', double.call(e, 6));
show('twin', double.call(E(x), 6));
const heir = { __proto__: e };
show('heir', heir.double(7));
show('symbol', e[Symbol.for('s')].call(5));
for (const target of [{ a: 1, b: [2, 'x'] }, 'text', 5n, undefined, [1, { c: undefined }]]) {
  show('detached', (0, E(target).foo)());
}
const only = E.sendOnly(x).double;
try {
  only(5);
} catch (err) {
  log('sendOnly', err.name, err.message);
}
