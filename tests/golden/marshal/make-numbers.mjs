// Writes numbers.txt: the bits of doubles and how JavaScript prints them. Run by hand, with any engine
// that follows the standard.
//
//     node tests/golden/marshal/make-numbers.mjs > tests/golden/marshal/numbers.txt
const view = new DataView(new ArrayBuffer(8));
const bitsOf = d => {
  view.setFloat64(0, d);
  return view.getBigUint64(0);
};
const ofBits = bits => {
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
};
let state = 88172645463325252n;
const random = () => {
  state ^= (state << 13n) & 0xffffffffffffffffn;
  state ^= state >> 7n;
  state ^= (state << 17n) & 0xffffffffffffffffn;
  return state;
};
const bits = new Set();
const add = b => Number.isFinite(ofBits(b)) && bits.add(b & 0x7fffffffffffffffn);
for (let e = 0n; e < 2047n; e += 3n) {
  add(e << 52n); // powers of two, where doubles lie closer on one side
  add((e << 52n) - 1n);
  add((e << 52n) + 1n);
}
for (let e = -323; e <= 308; e += 7) {
  for (const d of [1, 9, 9.5, 1.2345678901234567]) {
    const b = bitsOf(Number(`${d}e${e}`));
    add(b);
    add(b + 1n);
    if (b > 0n) add(b - 1n);
  }
}
for (let i = 0; i < 1500; i += 1) add(random());
for (let i = 0; i < 300; i += 1) add(bitsOf(Number(random() % 100000000n) / 10 ** (i % 12)));
for (let i = 0n; i < 40n; i += 1n) add(i);
console.log(
  [...bits].map(b => `${b.toString(16).padStart(16, '0')} ${Object.is(ofBits(b), -0) ? 0 : ofBits(b)}`).join('\n'),
);
