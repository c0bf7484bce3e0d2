// @endo/errors: the global `assert` under the names of the package.
const {
  bare,
  details,
  Fail,
  makeError,
  note,
  quote,
  equal,
  fail,
  string,
  typeof: assertTypeof,
} = globalThis.assert;

// Here only what asserts; the tools stand beside it.
const assert = (value, text = undefined, ErrorConstructor = undefined, options = undefined) =>
  globalThis.assert(value, text, ErrorConstructor, options);
Object.assign(assert, { equal, fail, string, typeof: assertTypeof });

export { assert, bare, details, Fail, makeError, note, quote };
export { bare as b, details as X, quote as q };
export { note as annotateError, details as redacted, Fail as throwRedacted };

export const hideAndHardenFunction = func => {
  typeof func === 'function' || Fail`${func} must be a function`;
  Object.defineProperty(func, 'name', { value: `__HIDE_${String(func.name)}` });
  return harden(func);
};
