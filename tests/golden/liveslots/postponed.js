// Turns of sends that wait for promises of our own, in every order of waiting and settling.
import { Far, E } from '@endo/far';
import { makePromiseKit } from '@endo/promise-kit';

export const buildRootObject = ({ testLog }) => {
  const local = Far('local', {
    m: n => {
      testLog('local ', n);
      return n;
    },
    later: async n => {
      await null;
      testLog('later ', n);
      return n;
    },
  });
  const ticks = async n => {
    for (let i = 0; i < n; i += 1) {
      testLog('tick', i);
      await null;
    }
  };
  const follow = (name, p) =>
    p.then(
      v => testLog(name, ' fulfilled ', typeof v),
      e => testLog(name, ' rejected ', e.message),
    );
  const kits = {};
  const kit = name => (kits[name] ||= makePromiseKit());
  return Far('root', {
    waitAndSettle: to => {
      void ticks(14);
      const a = kit('a');
      follow('am', E(a.promise).m(1));
      follow('al', E(a.promise).later(2));
      const plain = {};
      const native = new Promise(r => (plain.resolve = r));
      follow('nm', E(native).m(3));
      follow('nl', E(native).later(4));
      a.resolve(local);
      plain.resolve(local);
      const b = kit('b');
      const bm = E(b.promise).m(5);
      follow('bm', bm);
      follow('bmm', E(bm).toString());
      b.resolve(a.promise);
      const c = kit('c');
      follow('cm', E(c.promise).m(6));
      c.resolve(E(to).make());
      follow('cn', E(c.promise).n(7));
      const d = kit('d');
      follow('dm', E(d.promise).m(8));
      d.reject(Error('d'));
      const e = kit('e');
      follow('em', E(e.promise).m(9));
      e.resolve(Promise.resolve(local));
      const f = kit('f');
      follow('fm', E(f.promise).m(10));
      f.resolve(to);
      follow('fn', E(f.promise).n(11));
    },
    wait: name => {
      follow(`${name}1`, E(kit(name).promise).m(1));
      follow(`${name}2`, E(E(kit(name).promise).later(2)).toString());
      follow(name, kit(name).promise);
      void ticks(3);
    },
    settle: (name, to) => {
      void ticks(10);
      kit(name).resolve(to);
      follow(`${name}3`, E(kit(name).promise).m(3));
    },
    settleLocal: name => {
      void ticks(10);
      kit(name).resolve(local);
      follow(`${name}3`, E(kit(name).promise).m(3));
    },
    settleAsync: async name => {
      void ticks(10);
      kit(name).resolve(E(local).later(local));
      follow(`${name}3`, E(kit(name).promise).m(3));
      await null;
      follow(`${name}4`, E(kit(name).promise).m(4));
    },
    pass: (to, name) => {
      E(to).take(kit(name).promise, E(kit(name).promise).m(5));
    },
  });
};
