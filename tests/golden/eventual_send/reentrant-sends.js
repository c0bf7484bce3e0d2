clock(6);
const o = {
  outer() {
    log('outer');
    E(o).inner(1);
    Promise.resolve().then(() => log('job of outer'));
    E(o).inner(2);
    return E(o).inner(3);
  },
  inner: n => log('inner', n) || n,
};
show('outer', E(o).outer());
E(o).inner(0);
