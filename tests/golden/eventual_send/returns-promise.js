// An answer that is a promise is followed: so many turns later.
clock(8);
const o = {
  resolved: () => Promise.resolve('resolved'),
  async asynchronous() {
    return 'asynchronous';
  },
  async awaits() {
    await null;
    return 'awaits';
  },
  sent: () => E(o).plain(),
  plain: () => 'plain',
};
for (const name of Object.keys(o)) show(name, E(o)[name]());
