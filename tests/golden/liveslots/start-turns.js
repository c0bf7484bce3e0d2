// What runs before buildRootObject, and around it.
import { Far, E } from '@endo/far';

const order = [];
const ticks = async (name, n) => {
  for (let i = 0; i < n; i += 1) {
    order.push(`${name}${i}`);
    await null;
  }
};
void ticks('module', 3);
const o = Far('o', { m: () => order.push('sent at the top') });
E(o).m();

export const buildRootObject = async ({ testLog }, { to }) => {
  order.push('called');
  void ticks('build', 4);
  await null;
  E(to).hello();
  await null;
  testLog(order.join());
  return Far('root', {
    order: () => {
      testLog(order.join());
    },
  });
};
