// Resolved in the turn in which the send looks for a handler: once before it looks, once after.
clock(10);
const before = kit();
E({ go: () => before.resolve({ m: x => log('m', x) || x }) }).go();
show('before', E(before.promise).m(1));
const after = kit();
show('after', E(after.promise).m(2));
E({ go: () => after.resolve({ m: x => log('m', x) || x }) }).go();
