// A promise that is forwarded to another sends there what it gets.
clock(9);
const [a, b, c] = [kit(), kit(handler('B', 'b')), kit(handler('C', 'c'))];
show('early', E(a.promise).early());
Promise.resolve()
  .then(() => {})
  .then(() => {
    a.resolve(b.promise);
    show('one', E(a.promise).one());
  })
  .then(() => {
    b.resolve(c.promise);
    show('two', E(a.promise).two());
    show('direct', E(b.promise).direct());
  })
  .then(() => {
    c.resolveWithPresence(handler('P', 'p'));
    show('three', E(a.promise).three());
  });
a.promise.then(() => log('a settled'));
b.promise.then(() => log('b settled'));
