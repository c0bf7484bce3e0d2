// A promise becomes a presence, or its target settles, in the turn of the race.
clock(8);
const early = kit();
Promise.resolve().then(() => early.resolveWithPresence(handler('early', 'e')));
show('early', E(early.promise).m());
const late = kit();
show('late', E(late.promise).m());
Promise.resolve().then(() => late.resolveWithPresence(handler('late', 'l')));
const swapped = kit(handler('pending', 'p'));
show('swapped', E(swapped.promise).m());
Promise.resolve().then(() => swapped.resolve('text'));
show('swapped later', E(swapped.promise).toUpperCase());
const forwarded = kit(handler('first', 'f'));
show('forwarded', E(forwarded.promise).m());
forwarded.resolve(kit(handler('second', 's')).promise);
show('forwarded later', E(forwarded.promise).m());
