const x = {
  1: () => 'one',
  [Symbol.for('reg')]: () => 'registered',
  [Symbol.asyncIterator]: () => 'well known',
  '': () => 'empty',
  constructor: () => 'constructor',
  toString: () => 'toString',
  apply: () => 'apply',
  call: () => 'call',
};
for (const key of Reflect.ownKeys(x)) show(String(key), E(x)[key]());
show('number', E(x)[1]());
show('apply', Reflect.apply(E(() => 'applied'), undefined, []));
show('bind', Function.prototype.call.call(E(n => n + 1), null, 4));
