// Two objects talk; a third listens to the order of turns.
clock(14);
const make = name => ({
  hit(n, other) {
    log(name, n);
    return n > 0 ? E(other).hit(n - 1, this) : `end at ${name}`;
  },
});
const [a, b] = [make('a'), make('b')];
show('x', E(a).hit(3, b));
show('y', E(b).hit(2, a));
