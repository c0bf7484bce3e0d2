// A vat of the soak: each of a ring makes objects, gives them to the next, which hands them on to the
// one after it. What is held longer than a few rounds is dropped; some of it is asked before, so that
// what was retired too early is noticed.
import { E, Far } from '@endo/far';

const ROUNDS = 3;

export const buildRootObject = () => {
  let next;
  let made = 0;
  let taken = [];
  let passed = [];
  const known = new WeakSet();

  const keep = (window, batch) => {
    window.push(batch);
    return window.length > ROUNDS ? window.shift() : [];
  };
  // The first and the last of a batch answer as they always have.
  const check = async batch => {
    const chosen = batch.length === 0 ? [] : [batch[0], batch[batch.length - 1]];
    const names = await Promise.all(chosen.map(o => E(o).label()));
    if (names.some((n, i) => typeof n !== 'number' || (i > 0 && n < names[i - 1]))) {
      throw Error(`wrong answers: ${names}`);
    }
  };

  return Far('root', {
    meet(other) {
      next = other;
    },
    async round(n) {
      const batch = [];
      for (let i = 0; i < n; i += 1) {
        const name = made;
        made += 1;
        batch.push(Far('thing', { label: () => name }));
      }
      await E(next).take(harden(batch));
    },
    async take(batch) {
      if (known.has(batch[0])) throw Error('a new object was known');
      known.add(batch[0]);
      const oldest = keep(taken, batch);
      await Promise.all([E(next).pass(batch), check(oldest)]);
    },
    async pass(batch) {
      await check(keep(passed, batch));
    },
    empty() {
      taken = [];
      passed = [];
    },
  });
};
