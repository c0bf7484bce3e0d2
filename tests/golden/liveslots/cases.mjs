// The deliveries of each program: smallcaps values, with their slots beside them.
import { makeRandomDeliveries } from './random-deliveries.mjs';

const cap = (value, slots = []) => ({ body: `#${JSON.stringify(value)}`, slots });
const start = (value = {}, slots = []) => ['startVat', cap(value, slots)];
const raw = (target, result, value, slots = []) => [
  'message',
  target,
  { methargs: cap(value, slots), result },
];
const send = (target, result, method, args = [], slots = []) =>
  raw(target, result, [method, args], slots);
const notify = (...resolutions) => [
  'notify',
  resolutions.map(([vpid, rejected, value, slots]) => [vpid, rejected, cap(value, slots)]),
];
const none = null;
const root = 'o+0';
const alice = 'o-50';
const bob = 'o-51';
const A = '$0.Alleged: alice';
const B = '$1.Alleged: bob';
const error = (name, message) => ({ '#error': message, errorId: 'error:liveSlots:v9#70001', name });
// One message to the root per list of arguments, with results p-60, p-61, …
const each = (method, lists) => lists.map((args, i) => send(root, `p-${60 + i}`, method, args));
const names = (method, list) => each(method, list.map(name => [name]));

export const random = Array.from({ length: 16 }, (_, i) => makeRandomDeliveries(i + 1, 24));

export const cases = {
  returns: [start(), ...each('value', Array.from({ length: 20 }, (_, i) => [i])), send(root, none, 'value', [1])],

  throws: [
    start(),
    ...['error', 'type', 'string', 'record', 'nothing', 'rejects', 'rejectsRecord', 'returnsError', 'nested', 'custom', 'absent', 'toString', '__proto__', 'constructor'].map(
      (method, i) => send(root, `p-${60 + i}`, method),
    ),
    send(root, none, 'error'),
    send(root, none, 'rejects'),
  ],

  unserialisable: [
    start(),
    ...names('result', ['map', 'func', 'date', 'instance', 'mixed', 'symbol', 'regexp', 'getter', 'sparse', 'extra', 'cycle', 'deep', 'symbolKey', 'hidden', 'weak', 'proto', 'lone']),
    send(root, 'p-80', 'reason', ['map']),
    send(root, 'p-81', 'reason', ['mixed']),
    send(root, 'p-82', 'later', ['map']),
    send(root, none, 'later', ['map']),
    send(root, 'p-83', 'argument', [A, 'map'], [alice]),
    send(root, 'p-84', 'argument', [A, 'func'], [alice]),
    send(root, 'p-85', 'argument', [A, 'deep'], [alice]),
  ],

  call: [
    start(),
    send(root, 'p-60', 'fn'),
    raw('o+10', 'p-61', ['#undefined', [1, 'two']]),
    raw(root, 'p-62', ['#undefined', [1]]),
    raw(root, 'p-63', ['fn']),
    raw(root, 'p-64', ['absent']),
    send(root, 'p-65', 'self'),
    send(root, 'p-66', '%@@asyncIterator'),
    send(root, 'p-67', '%named'),
    send(root, 'p-68', '%unknown'),
    send(root, 'p-69', 'frozen', [{ a: [1] }]),
    send(root, 'p-70', 'length'),
    send(root, 'p-71', 'name'),
    send('o+10', 'p-72', 'call', [1]),
    raw(root, 'p-73', ['#undefined']),
  ],

  send: [
    start(),
    send(root, 'p-60', 'one', [A], [alice]),
    send(root, 'p-61', 'returned', [A], [alice]),
    notify(['p+5', false, 'ignored']),
    notify(['p+6', false, ['answer', '$0.Alleged: carol'], ['o-52']]),
    send(root, 'p-62', 'awaited', ['$0'], [alice]),
    notify(['p+7', false, 7]),
    send(root, 'p-63', 'twice', ['$0', '$0'], [alice]),
    send(root, 'p-64', 'twice', ['$0', '$1.Alleged: bob'], [alice, bob]),
    notify(['p+8', true, error('TypeError', 'remote trouble')]),
    notify(['p+9', false, '$0', [bob]]),
    send(root, none, 'again', ['$0'], [alice]),
    send(root, none, 'again', ['$0.Alleged: other'], ['o-53']),
    send(root, none, 'call', ['$0.Alleged: fn'], ['o-54']),
    send(root, 'p-65', 'back', ['$0.Alleged: unused'], ['o-55']),
    send(root, 'p-66', 'back', ['$0'], ['o-56']),
    send(root, 'p-67', 'awaited', ['$0'], [alice]),
    notify(['p+11', true, 'plain reason']),
  ],

  pipeline: [
    start(),
    send(root, 'p-60', 'chain', [A], [alice]),
    send(root, none, 'more', [1]),
    notify(['p+5', false, '$0.Alleged: a', ['o-52']]),
    send(root, none, 'more', [2]),
    send(root, none, 'watch'),
    notify(['p+6', true, error('Error', 'b failed')]),
    send(root, none, 'more', [3]),
    send(root, 'p-61', 'local'),
    send(root, none, 'nested', [A], [alice]),
    notify(['p+14', false, '$0', ['o+10']], ['p+15', false, 5]),
    send(root, none, 'chain', [A], [alice]),
    notify(['p+19', false, '$0', ['o+10']]),
    send(root, none, 'more', [4]),
  ],

  'promise-args': [
    start(),
    send(root, none, 'pending', [A], [alice]),
    send(root, none, 'again', [A], [alice]),
    send(root, none, 'settleA', ['a']),
    send(root, none, 'rejectB', [error('Error', 'b')]),
    send(root, none, 'settled', [A], [alice]),
    send(root, none, 'rejected', [A], [alice]),
    send(root, none, 'nested', [A], [alice]),
    send(root, none, 'again', [A], [alice]),
    send(root, none, 'pending', [A], [alice]),
  ],

  known: [
    start(),
    send(root, none, 'send', [A], [alice]),
    send(root, none, 'settle'),
    send(root, none, 'send', [A], [alice]),
    send(root, none, 'send', [A], [alice]),
    send(root, none, 'settleC'),
    send(root, none, 'send', [A], [alice]),
    send(root, none, 'sendAll', [A], [alice]),
    send(root, 'p-60', 'giveA'),
    send(root, 'p-61', 'giveB'),
  ],

  cycles: [
    start(),
    send(root, none, 'make', [A], [alice]),
    send(root, none, 'again', [A], [alice]),
    send(root, none, 'again', [A], [alice]),
    send(root, 'p-60', 'self', [A], [alice]),
    send(root, 'p-61', 'look', ['&0'], ['p-62']),
    notify(['p-62', false, ['&0'], ['p-63']], ['p-63', false, ['&0'], ['p-62']]),
  ],

  imports: [
    start(),
    send(root, none, 'take', ['&0', '&1', '&2', '&0'], ['p-99', 'p-100', 'p-101']),
    send(root, 'p-102', 'same', ['&0', '&1', '&2', '&0'], ['p-99', 'p-100', 'p-101']),
    send(root, none, 'sendTo', ['&0'], ['p-99']),
    send(root, none, 'sendTo', ['&0'], ['p-103']),
    send(root, none, 'forward', [A, '&1'], [alice, 'p-104']),
    notify(
      ['p-100', false, ['&0', '&1', '&2', '&3'], ['p-99', 'p-110', 'p-109', 'p-112']],
      ['p-112', true, 'inner'],
      ['p-99', false, ['&0', '$1.Alleged: x'], ['p-111', 'o-60']],
    ),
    send(root, 'p-120', 'giveBack'),
    notify(['p-109', false, 9], ['p-111', false, ['&0'], ['p-110']], ['p-110', false, 10]),
    notify(['p-104', false, '$0', [alice]], ['p-101', true, error('Error', 'e')]),
    send(root, none, 'sendTo', ['&0'], ['p-130']),
    notify(['p-130', false, '$0.Alleged: y', ['o-61']]),
    notify(['p+9', false, 1], ['p-77', false, 'never imported']),
  ],

  'result-import': [
    start(),
    send(root, none, 'hold', ['&0'], ['p-60']),
    send(root, 'p-60', 'answer'),
    notify(['p-60', false, 'the answer']),
    send(root, none, 'hold', ['&0'], ['p-61']),
    send(root, 'p-61', 'later'),
    send(root, none, 'use', [A], [alice]),
    send(root, none, 'settle', ['settled']),
    notify(['p-61', false, 'stale']),
    send(root, none, 'use', [A], [alice]),
    send(root, none, 'hold', ['&0'], ['p-62']),
    send(root, 'p-62', 'fail'),
    notify(['p-62', true, error('Error', 'failed')]),
  ],

  exits: [
    start(),
    send(root, 'p-60', 'happy', [A, 'bye'], [alice]),
    send(root, 'p-61', 'object'),
    send(root, 'p-62', 'sad', [A], [alice]),
    send(root, 'p-63', 'twice'),
    send(root, 'p-64', 'promise'),
    send(root, 'p-65', 'bad'),
    send(root, 'p-66', 'nothing'),
  ],

  turns: [
    start(),
    send(root, 'p-60', 'mixed', [A], [alice]),
    notify(['p+5', false, 'one'], ['p+6', false, '$0', [bob]], ['p+7', true, error('Error', 'three')]),
    send(root, 'p-61', 'resolved', ['$0'], [alice]),
    notify(['p+8', false, '$0', [bob]]),
    send(root, 'p-62', 'resolved', ['$0'], [alice]),
    notify(['p+11', false, 5]),
    send(root, 'p-63', 'resolved', ['$0'], [alice]),
    notify(['p+13', true, error('Error', 'no')]),
  ],

  'batch-turns': [
    start(),
    send(root, none, 'start', [A, '&1', '&2'], [alice, 'p-60', 'p-61']),
    notify(
      ['p+5', false, 'a'],
      ['p-61', true, 'q'],
      ['p+7', false, '$0', [alice]],
      ['p-60', false, 'p'],
      ['p+6', true, 'b'],
    ),
    send(root, none, 'start', ['$0', '&1', '&2'], [alice, 'p-62', 'p-63']),
    notify(['p-62', false, 'p'], ['p+11', false, 'c'], ['p+9', false, 'a'], ['p-63', false, 'q'], ['p+10', false, 'b']),
  ],

  'resolve-to': [
    start(),
    ...['r', 'l', 'd', 'n', 'x', 'p', 'o'].map(name => send(root, none, 'wait', [name])),
    send(root, none, 'send', [A, 'r'], [alice]),
    send(root, none, 'send', ['$0', 'l'], [alice]),
    send(root, none, 'remote', ['r', '$0'], [alice]),
    send(root, none, 'local', ['l']),
    send(root, none, 'data', ['d']),
    send(root, none, 'nothing', ['n']),
    send(root, none, 'reject', ['x']),
    send(root, none, 'promise', ['p', '$0'], [alice]),
    send(root, none, 'wait', ['p']),
    send(root, none, 'send', ['$0', 'p'], [alice]),
    send(root, none, 'other', ['o', 'later']),
    send(root, none, 'wait', ['o']),
    send(root, none, 'local', ['later']),
    send(root, none, 'wait', ['r']),
    send(root, none, 'wait', ['l']),
    send(root, none, 'wait', ['d']),
    send(root, none, 'wait', ['x']),
  ],

  'get-when': [
    start(),
    send(root, none, 'get', [A], [alice]),
    send(root, none, 'getPromise', ['&0'], ['p-61']),
    notify(['p-61', false, { prop: 'value' }]),
    send(root, none, 'getResult', ['$0'], [alice]),
    notify(['p+5', false, { prop: 'value' }]),
    send(root, none, 'getResult', ['$0'], [alice]),
    notify(['p+6', true, error('Error', 'no')]),
    send(root, none, 'getResult', ['$0'], [alice]),
    notify(['p+7', false, '#undefined']),
    send(root, none, 'when', ['$0', '&1'], [alice, 'p-62']),
    notify(['p-62', false, 3]),
    send(root, none, 'getLocal'),
  ],

  postponed: [
    start(),
    send(root, none, 'waitAndSettle', [A], [alice]),
    notify(['p+5', false, '$0', [bob]]),
    ...['p', 'q', 'r'].map(name => send(root, none, 'wait', [name])),
    send(root, none, 'pass', ['$0', 'p'], [alice]),
    send(root, none, 'settle', ['p', '$0'], [alice]),
    send(root, none, 'settleLocal', ['q']),
    send(root, none, 'settleAsync', ['r']),
    send(root, none, 'pass', ['$0', 'p'], [alice]),
    send(root, none, 'wait', ['s']),
    send(root, none, 'settle', ['s', '&0'], ['p-70']),
    notify(['p-70', false, '$0', [bob]]),
    send(root, none, 'wait', ['p']),
  ],

  loopback: [
    start(),
    ...['now', 'soon', 'wait', 'fail'].flatMap((method, i) => [
      send(root, none, 'call', [A, method], [alice]),
      notify([`p+${5 + 3 * i}`, false, '$0', [root]]),
      send(root, `p+${6 + 3 * i}`, method, [1]),
      notify([`p+${6 + 3 * i}`, false, 'stale']),
    ]),
    send(root, none, 'call', ['$0', 'wait'], [alice]),
    send(root, 'p+18', 'wait'),
    send(root, none, 'use', ['$0'], [alice]),
    send(root, none, 'settle', ['settled']),
    send(root, none, 'use', ['$0'], [alice]),
  ],

  'follow-answer': [
    start(),
    send(root, none, 'send', [A, '&1'], [alice, 'p-60']),
    notify(['p+5', false, 1], ['p-60', false, 2], ['p+6', false, 3]),
    send(root, none, 'send', ['$0', '&1'], [alice, 'p-61']),
    notify(['p+8', true, 'b'], ['p-61', true, 'p'], ['p+7', true, 'a']),
  ],

  arguments: [
    start(),
    send(root, 'p-60', 'styles', ['#undefined', null, true, 1, '#NaN', '+7', 'text', '!#text', '%sym', [1], { a: 1 }, { '#tag': 't', payload: 1 }, error('Error', 'e'), A, '&1'], [alice, 'p-61']),
    send(root, 'p-62', 'echo', ['#undefined', '#-Infinity', '-12345678901234567890123', '!!', '%@@iterator', { '#tag': 't', payload: ['$0'] }, { '!#x': 1 }, '$1'], [alice, bob]),
    send(root, 'p-63', 'send', ['$0'], [alice]),
    send(root, none, 'getters', ['$0'], [alice]),
    send(root, none, 'proxies', ['$0'], [alice]),
    send(root, none, 'instance', ['$0'], [alice]),
    send(root, 'p-64', 'unhardened'),
    send(root, 'p-65', 'hardens', ['$0'], [alice]),
  ],

  'start-async': [
    start({ to: A, list: [1, { a: 2 }], p: '&1' }, [alice, 'p-60']),
    send(root, 'p-61', 'ping'),
    send(root, 'p-62', 'to'),
    notify(['p-60', false, 'parameter']),
    notify(['p+5', false, 'answer']),
  ],
  'start-turns': [start({ to: A }, [alice]), send(root, 'p-60', 'order')],
  'start-throws': [start()],
  'start-rejects': [start()],
  'start-not-far': [start()],
  'start-not-remotable': [start()],
  'start-undefined': [start()],
  'start-never': [start()],
  'start-waits': [start({ to: A }, [alice])],
  'start-absent': [start()],
  'start-evaluates': [start()],
  'start-exits': [start()],

  exports: [
    start(),
    send(root, 'p-60', 'give'),
    send('o+10', 'p-61', 'm'),
    ['dropExports', ['o+10', 'o+11']],
    send(root, 'p-62', 'giveB'),
    ['dropExports', ['o+11']],
    ['retireExports', ['o+10', 'o+11']],
    send(root, 'p-63', 'give'),
    send(root, 'p-64', 'self'),
    send(root, 'p-65', 'fresh'),
    send(root, 'p-66', 'fresh'),
    send(root, none, 'send', [A], [alice]),
    ['retireImports', [alice]],
  ],

  'error-args': [
    start(),
    send(root, none, 'take', [error('Error', 'one'), error('TypeError', 'two'), error('Strange', 'three')]),
    send(root, none, 'onward', [A, error('RangeError', 'four')], [alice]),
    send(root, 'p-60', 'caught', ['$0'], [alice]),
    notify(['p+6', true, error('TypeError', 'five')]),
    send(root, 'p-61', 'uncaught', ['$0'], [alice]),
    notify(['p+7', true, error('TypeError', 'six')]),
    send(root, none, 'uncaught', ['$0'], [alice]),
    notify(['p+8', true, error('TypeError', 'seven')]),
    send(root, 'p-62', 'unhandled'),
    send(root, none, 'take', [{ '#error': 'no id', name: 'Error' }]),
  ],

  'return-promise': [
    start(),
    send(root, 'p-60', 'own'),
    send(root, 'p-61', 'own'),
    send(root, 'p-62', 'inArray'),
    send(root, 'p-63', 'imported', ['&0'], ['p-64']),
    send(root, none, 'remember', [1, '&0'], ['p-65']),
    send(root, 'p-66', 'recall', [1]),
    send(root, 'p-67', 'recallArray', [1]),
    send(root, 'p-68', 'result', [A], [alice]),
    send(root, 'p-69', 'resultArray', [A], [alice]),
    send(root, 'p-73', 'all', ['&0', '&1'], ['p-71', 'p-72']),
    send(root, 'p-74', 'finallyOf', ['&0'], ['p-71']),
    send(root, none, 'settle', ['done']),
    notify(['p-71', false, 1], ['p-72', true, 'two']),
    notify(['p-64', false, { x: '&0' }, ['p-75']], ['p-65', true, error('Error', 'r')]),
    notify(['p+6', false, '$0', [bob]], ['p+7', false, ['&0'], ['p-76']]),
    send(root, 'p-77', 'own'),
    send(root, 'p-78', 'inArray'),
  ],

  'two-ids': [
    start(),
    send(root, none, 'export', [A], [alice]),
    send(root, none, 'settle', [B.replace('1', '0')], [bob]),
    send(root, none, 'again', ['$0'], [alice]),
    notify(['p+7', false, 'answer']),
    send(root, none, 'again', ['$0'], [alice]),
  ],

  handled: [
    start(),
    send(root, 'p-60', 'pending', [A], [alice]),
    send(root, 'p-61', 'presence'),
    send(root, 'p-62', 'pending', ['$0'], [alice]),
    send(root, 'p-63', 'fulfil', ['$0'], [bob]),
    send(root, 'p-64', 'pending', ['$0'], [alice]),
    send(root, 'p-65', 'fulfil', [5]),
  ],

  targets: [
    start(),
    send(root, 'p-60', 'make'),
    send('o+10', 'p-61', 'm', [1]),
    send('o+10', none, 'm', [2]),
    send('o+10', none, 'absent', []),
    send(root, 'p-62', 'later'),
    send('p-62', 'p-63', 'm', [3]),
    send('p-62', 'p-64', 'm', [4]),
    send(root, none, 'settle'),
    send(root, 'p-65', 'sync'),
    send(root, none, 'log', ['nobody waits']),
  ],

  order: [
    start(),
    send(root, none, 'many', [A], [alice]),
    send(root, none, 'settle'),
    send(root, none, 'many', [A], [alice]),
    send(root, none, 'resolvedMany', [A], [alice]),
    send(root, 'p-60', 'interleaved', [A], [alice]),
    send(root, 'p-61', 'resolveWithNew'),
    notify(['p+12', false, 1]),
  ],

  thenables: [
    start(),
    ...['returns', 'farThenable', 'rejecting', 'throwing'].map((m, i) => send(root, `p-${60 + i}`, m)),
    send(root, 'p-70', 'argument', [A], [alice]),
    ...['awaitIt', 'subclass'].map((m, i) => send(root, `p-${80 + i}`, m)),
  ],

  parameters: [
    start({ a: A, b: '$0', p: '&1', n: '+5' }, [alice, 'p-60']),
    send(root, 'p-61', 'same', ['$0', '&1'], [alice, 'p-60']),
    notify(['p-60', false, '$0', [alice]]),
    send(root, 'p-62', 'same', ['$0', '&1'], [alice, 'p-63']),
    send(root, 'p-64', 'sent'),
    notify(['p+5', false, '$0', [bob]]),
  ],

  powers: [start(), send(root, 'p-60', 'globals')],

  late: [
    start(),
    send(root, 'p-60', 'passOn', [A, B], [alice, bob]),
    notify(['p+5', false, { made: '$0.Alleged: made' }, ['o-52']], ['p+6', false, 1]),
    send(root, none, 'again', ['$0'], [bob]),
    send(root, none, 'log'),
    send(root, 'p-61', 'passOn', ['$0', '$1'], [alice, bob]),
    notify(['p+8', false, '$0.Alleged: made', ['o-53']]),
    send(root, none, 'use'),
    send(root, none, 'again', ['$0'], [bob]),
    send(root, none, 'passOn', ['$0', '$1'], [alice, bob]),
    notify(['p+13', true, error('Error', 'not made')]),
    send(root, none, 'again', ['$0'], [bob]),
    send(root, none, 'use'),
    send(root, none, 'log'),
  ],

  'reject-order': [
    start(),
    send(root, none, 'args', [A], [alice]),
    send(root, 'p-60', 'unserialisable', [A], [alice]),
    send(root, 'p-61', 'mixed', [A], [alice]),
  ],

  loops: [
    start(),
    send(root, 'p-60', 'counter'),
    send(root, 'p-61', 'count', ['$0'], ['o+10']),
    send(root, 'p-62', 'spread'),
  ],
};
