// A program that nobody need trust: it may use up what it is given, but it can only end itself.
import { Far } from '@endo/far';

export const buildRootObject = ({ exitVat, exitVatWithFailure }, { name }) => {
  if (name === 'broken') {
    throw Error('this plugin does not even start');
  }
  let calls = 0;
  return Far(`plugin ${name}`, {
    greet: who => `${name} greets ${who}`,
    count: () => (calls += 1),
    burn: n => {
      for (let i = 0; i < n; i += 1) {
        calls += i % 2;
      }
      return 'burnt';
    },
    loop: () => {
      for (;;) {
        calls += 1;
      }
    },
    leave: reason => exitVat(reason),
    giveUp: reason => exitVatWithFailure(Error(reason)),
  });
};
