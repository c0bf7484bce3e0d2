// Which methods there are: symbols first, both sorted, inherited ones included, data left out.
class Base {
  zeta() {}
  alpha() {}
}
class Derived extends Base {
  beta() {}
  get notAMethod() {
    return 5;
  }
}
const d = new Derived();
d.own = () => {};
d.data = 5;
show('class', E(d).nope());
show('plain', E({ b() {}, a() {}, [Symbol.for('s')]() {}, [Symbol.iterator]() {}, 1() {} }).nope());
show('none', E({}).nope());
show('null prototype', E({ __proto__: null, f() {} }).nope());
show('function', E(Object.freeze(() => {})).nope('x').catch(e => { throw e.message.slice(0, 30); }));
show('shadowed', E({ __proto__: { f() {} , g() {} }, f: 5 }).nope());
show('string', E('').nope().catch(e => { throw e.message.slice(0, 30); }));
