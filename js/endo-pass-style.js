// @endo/pass-style: what a value counts as when it is passed to another vat. The rules and the
// marking of objects are in C (src/marshal); here are the names that the package gives them.
import { Fail, X, annotateError, makeError, q } from '@endo/errors';

const {
  passStyleOf,
  isPassable,
  getInterfaceOf,
  makeTagged,
  Remotable,
  Far: farObject,
  nameForPassableSymbol,
  passableSymbolForName,
} = globalThis.native;
const { fromEntries, getOwnPropertyDescriptors, getPrototypeOf, hasOwn } = Object;
const { ownKeys } = Reflect;

export {
  passStyleOf,
  isPassable,
  getInterfaceOf,
  makeTagged,
  Remotable,
  nameForPassableSymbol,
  passableSymbolForName,
};

// --- values ---------------------------------------------------------------------------------------

export const PASS_STYLE = Symbol.for('passStyle');
export const hasOwnPropertyOf = hasOwn;

export const isPrimitive = value => !value || (typeof value !== 'object' && typeof value !== 'function');
export const isObject = value => !isPrimitive(value);

export const assertChecker = (condition, details) => {
  assert(condition, details);
  return true;
};
export const getTag = tagged => tagged[Symbol.toStringTag];

export const isWellFormedString = text => {
  if (typeof text !== 'string') return false;
  for (const character of text) {
    // The iterator joins pairs of surrogates, so one that it gives is alone.
    const code = character.codePointAt(0);
    if (code >= 0xd800 && code <= 0xdfff) return false;
  }
  return true;
};
export const assertWellFormedString = text => {
  isWellFormedString(text) || Fail`Expected well-formed unicode string: ${text}`;
};
export const assertPassableString = text => {
  typeof text === 'string' || Fail`Expected string ${text}`;
};

export const isPassableSymbol = symbol =>
  typeof symbol === 'symbol' && nameForPassableSymbol(symbol) !== undefined;
export const assertPassableSymbol = symbol =>
  isPassableSymbol(symbol) || Fail`Only registered symbols or well-known symbols are passable: ${q(symbol)}`;
export const unpassableSymbolForName = name => Symbol(name);

// --- guards ---------------------------------------------------------------------------------------

export const assertPassable = value => {
  passStyleOf(value);
};

const is = style => value => passStyleOf(value) === style;
export const isCopyArray = is('copyArray');
export const isRecord = is('copyRecord');
export const isRemotable = is('remotable');

export const assertCopyArray = (value, name = 'Alleged array') => {
  const style = passStyleOf(value);
  style === 'copyArray' || Fail`${q(name)} ${value} must be a pass-by-copy array, not ${q(style)}`;
};
export const assertRecord = (value, name = 'Alleged record') => {
  const style = passStyleOf(value);
  style === 'copyRecord' || Fail`${q(name)} ${value} must be a pass-by-copy record, not ${q(style)}`;
};
export const assertRemotable = (value, name = 'Alleged remotable') => {
  const style = passStyleOf(value);
  style === 'remotable' || Fail`${q(name)} ${value} must be a remotable, not ${q(style)}`;
};

const atoms = ['undefined', 'null', 'boolean', 'number', 'bigint', 'string', 'byteArray', 'symbol'];
export const isAtom = value => {
  try {
    return atoms.includes(passStyleOf(value));
  } catch (_) {
    return false;
  }
};
export const assertAtom = value => {
  let style;
  try {
    style = passStyleOf(value);
  } catch (error) {
    Fail`Not even Passable: ${q(error)}: ${value}`;
  }
  atoms.includes(style) || Fail`A ${q(style)} cannot be an atom: ${value}`;
};

// --- remotables -----------------------------------------------------------------------------------

// Symbols first, each kind in the order of its text.
const compareNames = (a, b) => {
  if (typeof a !== typeof b) return typeof a === 'symbol' ? -1 : 1;
  const left = String(a);
  const right = String(b);
  if (left === right) return 0;
  return left < right ? -1 : 1;
};

export const getRemotableMethodNames = value => {
  const names = new Set();
  for (let layer = value; layer !== null && layer !== Object.prototype; layer = getPrototypeOf(layer)) {
    // A method may be overridden by something else: look at `value`.
    for (const name of ownKeys(getOwnPropertyDescriptors(layer))) {
      if (typeof value[name] === 'function') names.add(name);
    }
    if (isPrimitive(value)) break;
  }
  return harden([...names].sort(compareNames));
};

export const GET_METHOD_NAMES = '__getMethodNames__';
const getMethodNamesMethod = harden({
  [GET_METHOD_NAMES]() {
    return getRemotableMethodNames(this);
  },
})[GET_METHOD_NAMES];

export const Far = (name, remotable = undefined) => farObject(name, remotable, getMethodNamesMethod);
export const ToFarFunction = (name, func) =>
  getInterfaceOf(func) === undefined ? Far(name, (...args) => func(...args)) : func;

export const mapIterable = (iterable, func) =>
  Far('mapped iterable', {
    [Symbol.iterator]: () => {
      const iterator = iterable[Symbol.iterator]();
      return Far('mapped iterator', {
        next: () => {
          const { value, done } = iterator.next();
          return harden({ value: done ? value : func(value), done: !!done });
        },
      });
    },
  });

export const filterIterable = (iterable, predicate) =>
  Far('filtered iterable', {
    [Symbol.iterator]: () => {
      const iterator = iterable[Symbol.iterator]();
      return Far('filtered iterator', {
        next: () => {
          for (;;) {
            const result = iterator.next();
            if (result.done || predicate(result.value)) return result;
          }
        },
      });
    },
  });

// --- errors ---------------------------------------------------------------------------------------

const errorConstructors = {
  __proto__: null,
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  AggregateError,
};
export const getErrorConstructor = name => errorConstructors[name];
export const isErrorLike = value => value instanceof Error;

// The value of a hidden data property that may go with a passable error, else undefined.
const passableProperty = (descriptor, isGood) =>
  descriptor && !descriptor.enumerable && hasOwn(descriptor, 'value') && isGood(descriptor.value)
    ? descriptor.value
    : undefined;
const isPassableError = value => isErrorLike(value) && isPassable(value);
const arePassableErrors = value =>
  Array.isArray(value) && isPassable(value) && value.every(isPassableError);

export const toPassableError = error => {
  harden(error);
  if (isPassableError(error)) return error;
  const { name, message } = error;
  const { cause, errors } = getOwnPropertyDescriptors(error);
  const copy = makeError(`${message}`, getErrorConstructor(`${name}`) || Error, {
    cause: passableProperty(cause, isPassableError),
    errors: passableProperty(errors, arePassableErrors),
  });
  harden(copy);
  annotateError(copy, X`copied from error ${error}`);
  passStyleOf(copy) === 'error' || Fail`Expected ${copy} to be a passable error`;
  return copy;
};

export const toThrowable = specimen => {
  harden(specimen);
  if (isErrorLike(specimen)) return toPassableError(specimen);
  if (isPrimitive(specimen)) return specimen;
  const check = part =>
    part === toThrowable(part) || Fail`nested toThrowable coercion not yet supported ${part}`;
  const style = passStyleOf(specimen);
  if (style === 'copyArray') specimen.forEach(check);
  else if (style === 'copyRecord') Object.values(specimen).forEach(check);
  else if (style === 'tagged') check(specimen.payload);
  else Fail`A ${q(style)} is not throwable: ${specimen}`;
  return specimen;
};

// --- promises inside ------------------------------------------------------------------------------

const isPromise = value => Promise.resolve(value) === value;
const when = (value, then) => HandledPromise.resolve(value).then(then);

export const deeplyFulfilled = async value => {
  if (isAtom(value)) return value;
  if (isPromise(value)) return when(value, settled => deeplyFulfilled(settled));
  const style = passStyleOf(value);
  if (style === 'copyRecord') {
    const names = ownKeys(value);
    const parts = names.map(name => deeplyFulfilled(value[name]));
    return when(Promise.all(parts), all => harden(fromEntries(all.map((part, i) => [names[i], part]))));
  }
  if (style === 'copyArray') {
    return when(Promise.all(value.map(part => deeplyFulfilled(part))), all => harden(all));
  }
  if (style === 'tagged') {
    return when(deeplyFulfilled(value.payload), payload => makeTagged(getTag(value), payload));
  }
  return value;
};
