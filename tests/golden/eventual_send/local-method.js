// A method of a local object runs in the next turn; its answer arrives in the one after.
clock(4);
const o = { m: x => log('m', x) || x + 1 };
show('answer', E(o).m(1));
log('sent');
