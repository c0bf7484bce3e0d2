clock(12);
const o = {
  async self() {
    log('self');
    await null;
    return o;
  },
  value: v => log('value', v) || v,
};
const p = E(o).self();
show('a', E(p).value(1));
show('b', E(E(p).self()).value(2));
p.then(() => log('p settled'));
show('c', E(p).value(3));
