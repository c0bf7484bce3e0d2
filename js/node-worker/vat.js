// One vat on the published liveslots: what the supervisor is to a vat of the XS kinds.

import { makeLiveSlots } from '@agoric/swingset-liveslots';
import { importBundle } from './bundle.js';

/* global assert, harden, HandledPromise, setImmediate */

// Computrons are the XS engine's: nothing is metered here.
const unmetered = harden({
  isMeteringDisabled: () => true,
  assertIsMetered: () => {},
  assertNotMetered: () => {},
  runWithoutMetering: thunk => thunk(),
  runWithoutMeteringAsync: async thunk => thunk(),
  unmetered: f => f,
});

const nextTurn = () => new Promise(resolve => setImmediate(resolve));

// Finalizers run in turns of their own, behind those that are under way.
const gcAndFinalize = async () => {
  if (globalThis.gc === undefined) return;
  await nextTurn();
  await nextTurn();
  globalThis.gc();
  await nextTurn();
  await nextTurn();
};

const gcTools = harden({
  WeakRef,
  FinalizationRegistry,
  waitUntilQuiescent: nextTurn,
  gcAndFinalize,
  meterControl: unmetered,
});

const LONG = 40;
const ENDS = 15;

// In lines of testLog: bigints as numbers, long strings without their middle.
const abbreviate = (_key, value) => {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'string' || value.length < LONG) return value;
  return `${value.slice(0, ENDS)}...${value.slice(-ENDS)}`;
};
const testLine = value => (typeof value === 'string' ? value : JSON.stringify(value, abbreviate));

const displayed = value => {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return `${value}`;
  try {
    return JSON.stringify(value, abbreviate) ?? String(value);
  } catch {
    return String(value);
  }
};

const makeConsole = say => {
  const printer =
    level =>
    (...values) =>
      say(level, values.map(displayed).join(' '));
  const levels = ['debug', 'log', 'info', 'warn', 'error'];
  return harden(Object.fromEntries(levels.map(level => [level, printer(level)])));
};

// Syscalls are kept in order, with their answers, until the delivery is over. Those that have one
// are asked at once.
const makeSyscalls = ask => {
  let made = [];
  const add = syscall => {
    made.push({ s: syscall, r: null });
  };
  const answered = syscall => {
    const [status, value] = ask(made.map(entry => entry.s).concat([syscall]));
    made.push({ s: syscall, r: value ?? null });
    if (status !== 'ok') throw Error(value);
    return value ?? undefined;
  };
  const take = () => {
    const taken = made;
    made = [];
    return taken;
  };
  const syscall = harden({
    send: (target, methargs, result) =>
      add(['send', target, { methargs, result: result ?? null }]),
    subscribe: promise => add(['subscribe', promise]),
    resolve: resolutions => add(['resolve', resolutions]),
    exit: (isFailure, info) => add(['exit', isFailure, info]),
    dropImports: vrefs => add(['dropImports', vrefs]),
    retireImports: vrefs => add(['retireImports', vrefs]),
    retireExports: vrefs => add(['retireExports', vrefs]),
    abandonExports: vrefs => add(['abandonExports', vrefs]),
    callNow: (device, method, args) => answered(['callNow', device, method, args]),
    vatstoreGet: key => answered(['vatstoreGet', key]),
    vatstoreGetNextKey: key => answered(['vatstoreGetNextKey', key]),
    vatstoreSet: (key, value) => add(['vatstoreSet', key, value]),
    vatstoreDelete: key => add(['vatstoreDelete', key]),
  });
  return { syscall, take };
};

// `ask(syscalls)` answers the last of them: ['ok', VALUE] or ['error', TEXT]. `say(level, text)`; level
// is null for testLog. Gives deliver(DELIVERY) -> { problem: TEXT or null, syscalls: [{ s, r }] }.
export const makeVat = ({ id, bundle, options, ask, say }) => {
  const { syscall, take } = makeSyscalls(ask);
  const console = makeConsole(say);
  const vatPowers = harden({ testLog: (...values) => say(null, values.map(testLine).join(' ')) });
  const endowments = { console, assert, HandledPromise, TextEncoder, TextDecoder };
  const buildVatNamespace = (lsEndowments, inescapable) =>
    importBundle(bundle, { ...endowments, ...lsEndowments }, inescapable);
  const { dispatch } = makeLiveSlots(
    syscall,
    id,
    vatPowers,
    options,
    gcTools,
    console,
    buildVatNamespace,
  );
  const deliver = async delivery => {
    let problem = null;
    try {
      await dispatch(harden(delivery));
    } catch (error) {
      problem = `${error}`;
    }
    return { problem, syscalls: take() };
  };
  return harden({ deliver });
};
