clock(4);
const o = {
  thrower() {
    throw Error('thrown');
  },
  async rejecter() {
    throw Error('rejected');
  },
};
show('thrower', E(o).thrower());
show('rejecter', E(o).rejecter());
show('string', E(() => { throw 'bare'; })());
