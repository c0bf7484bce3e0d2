// buildRootObject may take turns and send, but may not wait for an answer.
import { Far, E } from '@endo/far';

export const buildRootObject = async ({ testLog }, { to, list, p }) => {
  testLog('start', list.length, Object.isFrozen(list));
  E(to).hello(Far('early', {}));
  p.then(v => testLog('parameter', v));
  await null;
  testLog('second turn');
  await null;
  return Far('root', { ping: () => 'pong', to: () => to });
};
