clock(14);
const o = { m: x => log('m', x) || x };
const own = Promise.resolve(o);
Object.defineProperty(own, 'then', {
  value: (r, j) => log('own then') || Promise.prototype.then.call(Promise.resolve(o), r, j),
});
show('own', E(own).m(1));
class Sub extends Promise {}
show('sub', E(Sub.resolve(o)).m(2));
let go;
show('pending sub', E(new Sub(r => (go = r))).m(3));
go(o);
const k = kit();
k.resolve(own);
show('resolved to own', E(k.promise).m(4));
