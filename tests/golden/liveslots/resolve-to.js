// Sends that wait for promises which then turn into presences, local objects, data, rejections.
import { Far, E } from '@endo/far';
import { makePromiseKit } from '@endo/promise-kit';

export const buildRootObject = ({ testLog }) => {
  const local = Far('local', { m: n => (testLog('local', n), n) });
  const kits = {};
  const kit = name => (kits[name] ||= makePromiseKit());
  const follow = (name, p) =>
    p.then(
      v => testLog(name, 'fulfilled', typeof v),
      e => testLog(name, 'rejected', e.message),
    );
  return Far('root', {
    wait: name => {
      follow(`${name} 1`, E(kit(name).promise).m(1));
      follow(`${name} 2`, E(E(kit(name).promise).m(2)).n());
    },
    remote: (name, to) => kit(name).resolve(to),
    local: name => kit(name).resolve(local),
    data: name => kit(name).resolve(5),
    nothing: name => kit(name).resolve(undefined),
    reject: name => kit(name).reject(Error('refused')),
    promise: (name, to) => kit(name).resolve(E(to).make()),
    other: (name, other) => kit(name).resolve(kit(other).promise),
    send: (to, name) => E(to).take(kit(name).promise),
  });
};
