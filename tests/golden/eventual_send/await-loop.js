clock(10);
const o = { inc: n => n + 1 };
const run = async name => {
  let n = 0;
  while (n < 3) {
    n = await E(o).inc(n);
    log(name, n);
  }
  return name;
};
show('one', run('one'));
show('two', run('two'));
