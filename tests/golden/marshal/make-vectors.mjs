// Writes vectors.json: what @endo/marshal makes of several hundred values. Needs @endo/init and
// @endo/marshal (see docs/marshal.md); run by hand when the list changes, and read the difference.
//
//     node tests/golden/marshal/make-vectors.mjs > tests/golden/marshal/vectors.json
//
// In an expression: harden, Far, Remotable, makeTagged as in the packages; R(name, iface) is the
// remotable of that name, P(name) the promise.
import '@endo/init';
import { Far, Remotable, makeTagged } from '@endo/pass-style';
import { makeMarshal } from '@endo/marshal';

const strings = [
  '', 'a', 'hello world', ' leading', '.', '/', '~', '0', '10', '-1',
  ...'!"#$%&\'()*+,-'.split(''),
  ...'!"#$%&\'()*+,-'.split('').map(c => `${c}x`),
  ...'./0:;<=>?@[\\]^_`{|}~'.split('').map(c => `${c}x`),
  '!!', '!!!', '#undefined', '#NaN', '#tag', '#error', '+7', '-7', '+', '-', '%x', '$0', '$0.Alleged: x',
  '&0', '!#undefined', '@qclass', '@@x', 'x!', 'x#', 'x$0',
  '"', '\\', '\\"', '\\u0041', '/', '</script>', '\u2028\u2029', '\u007f', '\u0080', '\u00ff', '\u0100',
  '\u07ff', '\u0800', '\ud7ff', '\ue000', '\ufeff', '\ufffd', '\ufffe', '\uffff',
  '\u{10000}', '\u{1f600}', '\u{10ffff}', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}', 'e\u0301', '\u00e9',
  '\ud800', '\udbff', '\udc00', '\udfff', 'a\ud800', '\ud800a', '\udc00\ud800', '\ud800\ud800\udc00',
  '\ud83d', '\ude00', '\ud83d\ude00', '\ud83d\ude00\ud83d', '\udc00\udc00', '!\ud800',
  ...Array.from({ length: 32 }, (_, i) => String.fromCharCode(i)),
  'a\u0000b', '\u0000\u0000', '\u0000!', 'tab\there', 'line\nbreak', 'cr\r\n', '\b\f\v',
  'x'.repeat(7), 'x'.repeat(8), 'x'.repeat(9), 'x'.repeat(64), `${'x'.repeat(7)}"`, `${'x'.repeat(8)}"`,
  `${'x'.repeat(15)}\n`, `${'x'.repeat(16)}\u00e9`, '\u00e9'.repeat(20), '\u65e5\u672c\u8a9e', 'абв', 'עברית',
  '__proto__', 'constructor', 'toString', 'length', 'then',
];
const numbers = [
  '0', '-0', '1', '-1', '7', '10', '99', '100', '12345', '-12345', '2147483647', '2147483648',
  '-2147483648', '-2147483649', '4294967295', '4294967296', '9007199254740991', '9007199254740992',
  '-9007199254740991', '-9007199254740992', '18014398509481984', '1e15', '1e16', '1e20',
  '123456789012345680000', '1e21', '-1e21', '1e22', '1.5e300', '1.7976931348623157e308', '5e-324', '-5e-324',
  '2.2250738585072014e-308', '2.225073858507201e-308', '0.1', '0.2', '0.1 + 0.2', '0.3', '-0.1', '0.5', '4.5',
  '1.25', '1.005', '99.99', '1/3', '2/3', '-1/3', '3.141592653589793', '2.718281828459045', '1e-1', '1e-2',
  '1e-3', '1e-4', '0.0001', '0.00012', '0.000123', '1e-5', '1e-6', '1.5e-6', '1e-7', '1.5e-7', '123.456',
  '1234567.125', '0.000001', '0.0000001', '1e-10', '123e-20', '1e100', '1.1e100', '9.999999999999999e22', '1e23',
  '9007199254740991.5', '4503599627370495.5', '0.30000000000000004', '100.0001', '1000000.5',
  '999999999999999', '9999999999999998', '99999999999.9999', '999999999999.9999', '144115188075855870',
  'Number.MAX_VALUE', 'Number.MIN_VALUE', 'Number.EPSILON', 'Number.MAX_SAFE_INTEGER', 'NaN', 'Infinity', '-Infinity',
  '(123456789.123).valueOf()', '2**-44', '2**-1021', '2**-1022', '2**-1023', '2**-1074 * 3', '2**60', '2**70', '2**89', '2**-20', '2**1023', '1/7e300', 'Math.PI * 1e9', 'Math.PI * 1e21', '1e300 / 3', '5e-7', '-1.5e-9',
];
const bigints = [
  '0n', '1n', '-1n', '7n', '-7n', '10n', '2147483647n', '2147483648n', '4294967295n', '4294967296n', '-4294967296n',
  '999999999n', '1000000000n', '1000000001n', '12346n', '9007199254740993n', '18446744073709551615n',
  '18446744073709551616n', '-18446744073709551616n', '18446744073709551617n', '10n**18n', '10n**19n', '10n**20n',
  '10n**27n', '10n**27n - 1n', '10n**28n', '-(10n**36n)', '2n**64n', '2n**96n', '2n**128n', '2n**128n - 1n',
  '-(2n**256n)', '3n**200n', '10n**100n', '10n**100n + 7n', '7n**500n', '2n**4096n - 1n', '-(10n**1000n)',
  '1000000000000000000000000000n', '1000000000000000000n * 1000000007n', '10n**5000n + 1n',
];
const symbols = [
  "Symbol.for('foo')", "Symbol.for('')", "Symbol.for('@@foo')", "Symbol.for('@@')", "Symbol.for('@@@@x')",
  "Symbol.for('@')", "Symbol.for('asyncIterator')", "Symbol.for('@@asyncIterator')", 'Symbol.asyncIterator',
  'Symbol.iterator', 'Symbol.hasInstance', 'Symbol.isConcatSpreadable', 'Symbol.match', 'Symbol.matchAll',
  'Symbol.replace', 'Symbol.search', 'Symbol.species', 'Symbol.split', 'Symbol.toPrimitive', 'Symbol.toStringTag',
  'Symbol.unscopables', "Symbol.for('passStyle')", 'Symbol.for(\'a"b\')', "Symbol.for('\\u00e9')",
  "Symbol.for('\\ud83d\\ude00')", "Symbol.for('!x')", "Symbol.for('a\\nb')",
];
const records = [
  '{}', '{ a: 1 }', '{ b: 1, a: 2 }', '{ c: 1, b: 2, a: 3 }', "{ '': 1 }", '{ a: undefined }', '{ a: null, b: undefined }',
  "{ B: 1, a: 2, _: 3, $: 4, '-': 5, ' ': 6 }", '{ a: 1, aa: 2, aaa: 3 }', '{ aaa: 1, aa: 2, a: 3 }',
  '{ 1: 1, 0: 0, 2: 2 }', '{ 10: 1, 9: 2, a: 3 }', "{ a: 1, 10: 2, 9: 3, '01': 4, '-1': 5 }",
  '{ 4294967294: 1, 4294967295: 2, 4294967296: 3, 5: 4 }', "{ '1e3': 1, '1.5': 2, '+1': 3, 3: 4 }", '{ 7: { 8: { 9: 10 } } }',
  '{ 1000000: 1, 3: [4] }', '{ 0: 0 }', "{ '#tag': 1 }", "{ '#error': 1 }", "{ '#': 1, '!': 2, '!#': 3 }", "{ '$0': 1, '&0': 2, '%x': 3, '+1': 4 }",
  "{ '!a': 1, a: 2 }", "{ 'é': 1, e: 2, f: 3, '\\ud83d\\ude00': 4, '\\uffff': 5 }", "{ '\\ue000': 1, '\\ud83d\\ude00': 2 }",
  "{ '\\u0000': 1, '\\u0001': 2, '': 3 }", "{ 'a\\u0000': 1, 'a': 2, 'a\\u0001': 3 }", "{ '\\ud800': 1, '\\udc00': 2, '\\ud800\\udc00': 3 }",
  "{ 'a\"b': 1, 'c\\\\d': 2, 'e\\nf': 3 }", "JSON.parse('{\"__proto__\":1,\"a\":2}')", '{ constructor: 1, toString: 2, valueOf: 3, hasOwnProperty: 4 }',
  '{ length: 1, name: 2, then: 3 }', "{ '@qclass': 1 }", "{ '@qclass': 'x', a: 1, 5: 2 }", "{ '@qclass': { '@qclass': 1, b: 2 }, a: 1 }",
  "{ '@qclass': [] , z: { '@qclass': null } }", '{ payload: 1, name: 2, errorId: 3, message: 4, index: 5, iface: 6 }',
  '{ a: { b: { c: { d: {} } } } }', '{ x: [], y: {}, z: [{}, [], [[]]] }',
  'Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`k${(i * 17) % 40}`, i]))',
  'Object.fromEntries(Array.from({ length: 40 }, (_, i) => [(i * 17) % 40, i]))',
  "{ averyveryverylongpropertyname: 1, averyveryverylongpropertynamf: 2, sixteencharacter: 3, seventeencharacte: 4 }",
];
const arrays = [
  '[]', '[1]', '[[]]', '[[], [[]], {}]', '[undefined]', '[null, undefined, true, false]', '[1, 2, 3]', '[1.5, 1n, "s"]',
  '[NaN, Infinity, -Infinity, -0]', "['!', '#', 'a']", 'Array.from({ length: 100 }, (_, i) => i)', "['deposit', [{ amount: 12346n, brand: R('brand'), memo: 'hello world' }, [1, 2, 3], null, true]]",
  'Array.from({ length: 5 }, (_, i) => ({ i }))', '[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]',
];
const caps = [
  "R('a')", "P('p')", "[R('a'), R('a')]", "[R('a'), R('b'), R('a'), R('b')]", "[P('p'), P('p'), P('p2')]", "[P('p'), R('a'), P('p'), R('a')]",
  "{ b: R('a'), a: R('b') }", "R('i', 'Alleged: thing')", "R('i', 'Alleged: \"quoted\\\\\" \\u00e9 \\ud83d\\ude00')", "R('i', 'Alleged: with.dot')", "R('i', 'Remotable')",
  "R('i', 'Alleged: ')", "R('i', 'DebugName: x')", "R('i', 'Alleged: a\\nb')", "R('i', 'Alleged: \\ud800')",
  "Array.from({ length: 12 }, (_, i) => R(`r${i}`))", "Array.from({ length: 40 }, (_, i) => R(`r${i % 20}`))",
  "Far('f', () => 1)", "[Far('g', { m() {} })]", "{ f: Far('f', x => x) }", "Remotable('Alleged: own', undefined, { m() {} })",
  "harden({ __proto__: R('a') })", "Far('t', { [Symbol.toStringTag]: 'Alleged: other' })",
];
const tagged = [
  "makeTagged('t', 1)", "makeTagged('', undefined)", "makeTagged('copySet', [1, 2])", "makeTagged('#x', { a: 1 })", "makeTagged('!', '!')",
  "makeTagged('t', makeTagged('u', makeTagged('v', [])))", "makeTagged('t', R('a'))", "[makeTagged('t', P('p')), P('p')]", "makeTagged('\\u00e9\\n', { payload: 1 })",
  "{ a: makeTagged('match:any', undefined) }",
];
const errors = [
  "Error('x')", "Error('')", "Error('!bang')", "Error('#x')", "TypeError('t')", "RangeError('r')", "ReferenceError('r')", "SyntaxError('s')", "EvalError('e')",
  "URIError('u')", "Error('\\u00e9 \"q\" \\n \\ud83d\\ude00')", "[Error('x'), TypeError('y')]", "{ e: Error('x') }", "makeTagged('t', Error('x'))",
  "Error('x', { cause: Error('y') })", "[Error('x', { cause: Error('y') })]", "AggregateError([Error('a')], 'x')", "[AggregateError([], 'x')]",
  "Object.assign(Error('x'), { code: 1 })", "(() => { class MyError extends Error {} return new MyError('mine'); })()",
  "(() => { const e = Error('x'); Object.defineProperty(e, 'name', { value: 'Custom' }); return e; })()", "new Error()",
  "(() => { const e = Error('x'); Object.defineProperty(e, 'message', { value: 42 }); return e; })()",
];
// What is refused, with the words of the package (without the place in the value, which we add).
const refused = [
  '(x => x)', '{ m() {} }', '{ a: 1, m() {} }', '{ m() {}, a: 1 }', "{ [Symbol.for('x')]: 1 }", '{ get a() { return 1; } }',
  "Object.defineProperty({}, 'a', { value: 1 })", '[1, , 2]', '[, 1]', 'Object.assign([1], { x: 2 })', '(() => { class A extends Array {} return new A(); })()',
  "Object.defineProperty([1], 0, { value: 1, enumerable: false })", "Object.defineProperty([1], 0, { get() { return 1; }, enumerable: true })", '{ __proto__: null, a: 1 }', '{ then() {} }', "Symbol('x')", '[Symbol()]',
  "{ a: { b: [1, Symbol('x')] } }", '(() => { class P { constructor() { this.x = 1; } } return new P(); })()', '(() => { class P { f() {} } return new P(); })()',
  "Object.assign(Promise.resolve(), { x: 1 })", '(() => { const a = []; a.push(a); return a; })()', "{ [Symbol.for('passStyle')]: 'tagged' }",
  "Object.create(Object.prototype, { [Symbol.for('passStyle')]: { value: 'foo' } })", "Object.create(Object.prototype, { [Symbol.for('passStyle')]: { value: 3 } })",
  "Object.create(Object.prototype, { [Symbol.for('passStyle')]: { value: 'tagged' }, [Symbol.toStringTag]: { value: 'x' } })",
  "Object.create(Object.prototype, { [Symbol.for('passStyle')]: { value: 'tagged' }, [Symbol.toStringTag]: { value: 'x' }, payload: { value: 1 } })",
  "Object.create(Object.prototype, { [Symbol.for('passStyle')]: { value: 'copyRecord' } })", "Object.create(Object.prototype, { [Symbol.for('passStyle')]: { value: 'copyArray' } })",
  "Object.create(Object.prototype, { [Symbol.for('passStyle')]: { value: 'error' } })", "Object.create({}, { [Symbol.for('passStyle')]: { value: 'tagged' }, [Symbol.toStringTag]: { value: 'x' }, payload: { value: 1, enumerable: true } })",
  "Object.create(Object.prototype, { [Symbol.for('passStyle')]: { value: 'remotable' } })", '[new Error()]', "[Object.assign(Error('x'), { code: 1 })]",
  "[Object.defineProperty(Error('x'), 'code', { value: 1 })]", "[Error('x', { cause: 3 })]", "[AggregateError([1], 'x')]", "[(() => { class MyE extends Error {} return new MyE('x'); })()]",
  "[Object.defineProperty(Error(), 'message', { value: 3 })]", "[Object.defineProperty(Error('x'), 'name', { value: 'Foo' })]", "Far('f', { a: 1 })", "Far('f', { get a() { return 1; } })",
  "Far('f', Far('g', {}))", "Far('f', { __proto__: Far('g', {}) })", "Far('f', [])", "Far('f', 3)", "Far('f', 'x')", "(() => { class P { f() {} } return Far('f', new P()); })()",
  "Far('f', { g: Far('g', () => 1) })", "Far('f', { [Symbol.for('passStyle')]: 'remotable' })", "Far('f', { [Symbol.for('passStyle')]() {} })", "Far('f', { [Symbol.toStringTag]: 'bad' })",
  "Remotable('foo')", 'Remotable(3)', "Remotable('Remotable', {})", 'Remotable(null)', "makeTagged(3, 1)", '{ __proto__: harden({ __proto__: Object.prototype, a() {} }) }',
];
const unhardened = ['Object.freeze({ a: {} })', 'Object.freeze([{}])', '{}', '[]', '{ a: 1 }', '[1]', '(() => 1)', 'Promise.resolve()'];

// Bodies that our encoder would not write, and what they mean.
const decoded = [
  ['#"!a"', []], ['#["!","!!"]', []], ['#{"b":1,"a":2}', []], ['# [ 1 , 2 ]\n', []], ['#"\\u0021x"', []], ['#"\\u0023undefined"', []], ['#{"\\u0061":1}', []],
  ['#"\\ud83d\\ude00"', []], ['#"\\ud800"', []], ['#"\\/"', []], ['#1e3', []], ['#1E+2', []], ['#-0', []], ['#0.10', []], ['#1.0', []], ['#123456789012345678901234567890', []], ['#1e400', []], ['#1e-400', []],
  ['#0.1e1', []], ['#2147483648', []], ['#-2147483648', []], ['#9007199254740993', []], ['#9007199254740995', []], ['#4503599627370496.5', []], ['#4503599627370497.5', []], ['#1e23', []], ['#9.5367431640625e-7', []], ['#5.684341886080802e-14', []], ['#1.7976931348623159e308', []], ['#4.9e-324', []], ['#2.4703282292062327e-324', []],
  ['#"+007"', []], ['#"-0"', []], ['#{"payload":1,"#tag":"t"}', []], ['#{"#tag":"!!x","payload":null}', []], ['#{"name":"TypeError","#error":"m"}', []],
  ['#{"#error":"m","name":"Nope"}', []], ['#{"#error":"m","name":"Error","extra":1,"more":["x"]}', []], ['#{"#error":"m","name":"Error","cause":{"#error":"c","name":"RangeError"}}', []],
  ['#{"#error":"m","name":"Error","cause":5}', []], ['#{"#error":"m","name":"Error","cause":null}', []], ['#{"#error":"m","name":"AggregateError","errors":[{"#error":"c","name":"Error"}]}', []],
  ['#{"#error":"m","name":"Error","errors":[1]}', []], ['#{"#error":"m","errorId":"error:x#1","name":"!!"}', []], ['#"$0"', ['a']], ['#"&0"', ['p']], ['#["$1","$0.Alleged: b","$1.Alleged: a"]', ['b', 'a']],
  ['#"$0.Alleged: \\u00e9"', ['a']], ['#{"!#tag":1}', []], ['#{"9":1,"10":2,"1":3}', []], ['#{"!1":1,"0":2}', []], ['#"%@@iterator"', []], ['#"%@@@@x"', []], ['#{"__proto__":{"x":1}}', []], ['#{"":{"":{}}}', []],
];
const notDecoded = [
  ['#', []], ['#x', []], ['#[', []], ['#[1', []], ['#[1,', []], ['#[1,]', []], ['#{', []], ['#{"a"', []], ['#{"a":', []], ['#{"a":1', []], ['#{"a":1,}', []], ['#{a:1}', []], ["#'a'", []], ['#"a', []], ['#"\\x"', []], ['#"\\u12"', []],
  ['#"\n"', []], ['#01', []], ['#-', []], ['#1.', []], ['#.5', []], ['#1e', []], ['#+1', []], ['#nul', []], ['#truefalse', []], ['#1 2', []], ['##"a"', []], ['#NaN', []], ['#[1]]', []], ['#undefined', []], ['', []], ['#\u00a01', []],
  ['#"#foo"', []], ['#"#"', []], ['#"\'x"', []], ['#"(x"', []], ['#")x"', []], ['#"*x"', []], ['#",x"', []], ['#"\\"x"', []], ['#"+"', []], ['#"-"', []], ['#"+x"', []], ['#"+0x10"', []], ['#"+1.5"', []], ['#"%@@nope"', []],
  ['#{"#foo":1}', []], ['#{"+1":1}', []], ['#{"$0":1}', ['a']], ['#{"%x":1}', []], ['#{"#tag":"t"}', []], ['#{"#tag":1,"payload":1}', []], ['#{"#tag":"t","payload":1,"x":1}', []], ['#{"#tag":"+1","payload":1}', []], ['#{"#error":1,"name":"Error"}', []], ['#{"#error":"m"}', []],
  ['#{"#error":"m","name":1}', []], ['#{"#error":"m","name":"Error","message":"m"}', []], ['#"$0"', ['p']], ['#"&0"', ['a']], ['#"$1"', ['a']], ['#"$x"', ['a']],
];
const decodedLegacy = [
  ['{"@qclass":"undefined"}', []], ['{"@qclass":"NaN"}', []], ['{"@qclass":"Infinity"}', []], ['{"@qclass":"-Infinity"}', []], ['{"@qclass":"bigint","digits":"-12345678901234567890"}', []], ['{"digits":"0","@qclass":"bigint"}', []],
  ['{"@qclass":"@@asyncIterator"}', []], ['{"@qclass":"symbol","name":"foo"}', []], ['{"@qclass":"symbol","name":"@@iterator"}', []], ['{"@qclass":"tagged","tag":"t","payload":[1]}', []], ['{"@qclass":"tagged","tag":"#t","payload":{"@qclass":"undefined"}}', []],
  ['{"@qclass":"slot","index":0}', ['a']], ['{"@qclass":"slot","iface":"Alleged: x","index":0}', ['a']], ['[{"@qclass":"slot","index":1},{"@qclass":"slot","index":0}]', ['a', 'p']], ['{"@qclass":"slot","index":0}', ['p']],
  ['{"@qclass":"error","message":"m","name":"TypeError"}', []], ['{"@qclass":"error","errorId":"error:x#1","message":"!m","name":"Error"}', []], ['{"@qclass":"error","message":"m","name":"Error","cause":{"@qclass":"error","message":"c","name":"Error"}}', []],
  ['{"@qclass":"hilbert","original":1}', []], ['{"@qclass":"hilbert","original":{"@qclass":"undefined"},"rest":{"a":1,"5":{"@qclass":"NaN"}}}', []], ['{"rest":{"a":1},"original":2,"@qclass":"hilbert"}', []],
  ['{"rest":{"7":1,"a":{"b":2}},"original":[3],"@qclass":"hilbert"}', []], ['{"@qclass":"hilbert","original":{"@qclass":"hilbert","original":1,"rest":{"b":2}},"rest":{"a":1}}', []], ['"#undefined"', []], ['["!a","+1","$0"]', []], ['{"#tag":"x"}', []], ['{"@foo":1}', []], ['{"a":1,"b":[true,false,null]}', []],
];
const notDecodedLegacy = [
  ['{"@qclass":"nope"}', []], ['{"@qclass":1}', []], ['{"@qclass":"bigint"}', []], ['{"@qclass":"bigint","digits":1}', []], ['{"@qclass":"bigint","digits":"x"}', []], ['{"@qclass":"hilbert"}', []], ['{"@qclass":"hilbert","original":1,"rest":{}}', []], ['{"@qclass":"hilbert","original":1,"rest":5}', []],
  ['{"@qclass":"ibid","index":0}', []], ['{"@qclass":"slot","index":0,"x":1}', ['a']], ['{"@qclass":"slot","index":-1}', ['a']], ['{"@qclass":"error","message":"m"}', []], ['{"@qclass":"symbol","name":"@@nope"}', []], ['{"@qclass":"symbol"}', []], ['{"@qclass":"tagged","payload":1}', []],
];

const named = new Map();
const R = (name, iface = `Alleged: ${name}`) => {
  if (!named.has(name)) named.set(name, Remotable(iface, undefined, {}));
  return named.get(name);
};
const P = name => {
  if (!named.has(name)) named.set(name, harden(new Promise(() => {})));
  return named.get(name);
};
const nameOf = v => [...named.entries()].find(([_, value]) => value === v)?.[0] ?? '?';

const evaluate = js => new Function('harden', 'Far', 'Remotable', 'makeTagged', 'R', 'P', `return (${js});`)(
  harden, Far, Remotable, makeTagged, R, P);
const marshal = format => makeMarshal(nameOf, slot => (/^p/.test(slot) ? P(slot) : slot === undefined ? undefined : R(slot)), {
  serializeBodyFormat: format, marshalName: 'm', errorIdNum: 0, marshalSaveError() {},
});

const encodeCase = js => {
  named.clear();
  const value = harden(evaluate(js));
  const { body, slots } = marshal('smallcaps').toCapData(value);
  const legacy = marshal('capdata').toCapData(value).body;
  // What is read back differs where an error is of no class that everybody has.
  const again = marshal('smallcaps').toCapData(marshal('smallcaps').fromCapData({ body, slots })).body;
  return { js, body, slots, legacy, ...(again !== body && { again }) };
};
const refusedCase = (js, prepare) => {
  named.clear();
  try {
    marshal('smallcaps').toCapData(prepare(evaluate(js)));
  } catch (e) {
    return { js, hardened: prepare === harden, error: `${e.name}: ${e.message}` };
  }
  throw Error(`not refused: ${js}`);
};
const decodeCase = ([body, slots]) => {
  named.clear();
  const value = marshal('smallcaps').fromCapData({ body, slots });
  return { body, slots, means: marshal('smallcaps').toCapData(value) };
};
const notDecodedCase = ([body, slots]) => {
  named.clear();
  let value;
  try {
    value = marshal('smallcaps').fromCapData({ body, slots });
  } catch (e) {
    return { body, slots, fails: true };
  }
  throw Error(`decodes: ${body} ${String(value)}`);
};

const quote = s => JSON.stringify(s).replace(/[\u2028\u2029]/g, c => `\\u${c.charCodeAt(0).toString(16)}`);
const values = [
  'undefined', 'null', 'true', 'false', ...strings.map(quote), ...numbers, ...bigints, ...symbols,
  ...records.map(r => (r.startsWith('{') ? `(${r})` : r)), ...arrays, ...caps, ...tagged, ...errors,
  ...strings.map(s => `({ [${quote(s)}]: 1 })`).filter(e => !/"(then)"/.test(e)),
];
const lines = (name, cases) => `"${name}": [\n${cases.map(c => JSON.stringify(c)).join(',\n')}\n]`;
console.log(`{\n${[
  lines('encode', values.map(encodeCase)),
  lines('refuse', [...refused.map(js => refusedCase(js, harden)), ...unhardened.map(js => refusedCase(js, x => x))]),
  lines('decode', [...decoded, ...decodedLegacy].map(decodeCase)),
  lines('malformed', [...notDecoded, ...notDecodedLegacy].map(notDecodedCase)),
].join(',\n')}\n}`);
