// A promise with a `then` or `constructor` of its own is asked in a later turn, never at once.
clock(10);
const own = Promise.resolve('own');
let got = 0;
let called = 0;
Object.defineProperty(own, 'then', {
  get() {
    got += 1;
    return resolve => {
      called += 1;
      resolve('done');
    };
  },
});
const p = HandledPromise.resolve(own);
log(p === own, got, called, Object.isFrozen(own), Object.isFrozen(p));
show('own', p.then(v => `${v} ${got} ${called}`));
const other = new Promise(() => {});
let read = 0;
Object.defineProperty(other, 'constructor', {
  get() {
    read += 1;
    return Promise;
  },
});
log(HandledPromise.resolve(other) === other, read > 0);
const data = Promise.resolve('data');
Object.defineProperty(data, 'then', { value: 5 });
HandledPromise.resolve(data).then(
  () => log('no'),
  e => log('data', e.name),
);
const throwing = Promise.resolve('x');
Object.defineProperty(throwing, 'then', {
  value: () => {
    throw Error('from then');
  },
});
show('throwing', HandledPromise.resolve(throwing));
show('safe', HandledPromise.resolve(Promise.resolve('safe')));
