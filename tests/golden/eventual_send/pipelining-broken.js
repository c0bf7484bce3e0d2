clock(7);
const o = { bad: () => { throw Error('broken'); } };
const p = E(o).bad();
show('one', E(p).m());
show('two', E(E(p).m()).n());
show('got', E.get(E.get(p).a).b);
