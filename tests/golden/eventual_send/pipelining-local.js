clock(8);
const o = { self: () => log('self') || o, value: v => log('value', v) || v };
show('three deep', E(E(E(o).self()).self()).value(1));
show('two deep', E(E(o).self()).value(2));
show('one deep', E(o).value(3));
