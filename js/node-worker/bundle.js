// A Capstan bundle (docs/bundles.md) in a compartment of its own. The decoder is as strict as the
// one in C: a bundle has one encoding.

import { ModuleSource } from '@endo/module-source';
import * as errors from '@endo/errors';
import * as eventualSend from '@endo/eventual-send';
import * as far from '@endo/far';
import * as hardenModule from '@endo/harden';
import * as marshal from '@endo/marshal';
import * as passStyle from '@endo/pass-style';
import * as promiseKit from '@endo/promise-kit';

/* global Compartment, harden */

const ESM = 1;
const JSON_MODULE = 2;
const MAGIC = 'CSB1';

// What the base heap offers to every vat; modules that only prepare a realm offer nothing.
const builtins = {
  '@endo/errors': errors,
  '@endo/eventual-send': eventualSend,
  '@endo/far': far,
  '@endo/harden': hardenModule,
  '@endo/marshal': { ...passStyle, ...marshal },
  '@endo/pass-style': passStyle,
  '@endo/promise-kit': promiseKit,
};

const makeReader = bytes => {
  let at = 0;
  const take = size => {
    if (size > bytes.length - at) throw Error('bundle is cut short');
    at += size;
    return bytes.subarray(at - size, at);
  };
  const number = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const [byte] = take(1);
      value += (byte % 128) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw Error('number in bundle is too large');
      if (byte < 128) return value;
    }
  };
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const text = () => decoder.decode(take(number()));
  return { number, text, take, isDone: () => at === bytes.length };
};

const readImports = (reader, moduleCount) => {
  const imports = new Map();
  for (let count = reader.number(); count > 0; count -= 1) {
    const specifier = reader.text();
    const target = reader.number();
    if (target > moduleCount) throw Error(`${specifier}: means a module that is not in the bundle`);
    imports.set(specifier, target === 0 ? { builtin: reader.text() } : { module: target - 1 });
  }
  return imports;
};

// [{ kind, name, source, imports: Map(specifier -> { builtin } or { module }) }], the entry first.
export const decodeBundle = bytes => {
  const reader = makeReader(bytes);
  if (String.fromCharCode(...reader.take(MAGIC.length)) !== MAGIC) throw Error('not a bundle');
  const count = reader.number();
  const modules = [];
  while (modules.length < count) {
    const kind = reader.number();
    if (kind !== ESM && kind !== JSON_MODULE) throw Error(`module of kind ${kind}`);
    const name = reader.text();
    const source = reader.text();
    modules.push({ kind, name, source, imports: readImports(reader, count) });
  }
  if (count === 0 || !reader.isDone()) throw Error('bundle has no entry, or bytes behind its end');
  return modules;
};

const virtualModule = namespace => ({
  imports: [],
  exports: Object.keys(namespace),
  execute: exports => Object.assign(exports, namespace),
});

const builtinModule = name => virtualModule(builtins[name] ?? {});

const jsonModule = source => virtualModule({ default: harden(JSON.parse(source)) });

// Full specifiers are "builtin:NAME" and "module:NUMBER": names may look like anything.
const fullSpecifier = target =>
  target.builtin === undefined ? `module:${target.module}` : `builtin:${target.builtin}`;

const makeHooks = modules => {
  const moduleOf = specifier => modules[Number(specifier.slice('module:'.length))];
  return {
    resolveHook: (specifier, referrer) => {
      const target = moduleOf(referrer).imports.get(specifier);
      if (target === undefined) throw Error(`${specifier}: not in the bundle`);
      return fullSpecifier(target);
    },
    importHook: async specifier => {
      if (specifier.startsWith('builtin:')) return builtinModule(specifier.slice('builtin:'.length));
      const { kind, name, source } = moduleOf(specifier);
      return kind === JSON_MODULE ? jsonModule(source) : new ModuleSource(source, name);
    },
  };
};

// Evaluates the bundle; gives the entry's namespace. `inescapable`: globals that replace the realm's.
export const importBundle = async (bytes, endowments, inescapable) => {
  const hooks = makeHooks(decodeBundle(bytes));
  const compartment = new Compartment(endowments, {}, hooks);
  for (const [name, value] of Object.entries(inescapable))
    Object.defineProperty(compartment.globalThis, name, {
      value,
      writable: true,
      enumerable: false,
      configurable: true,
    });
  const { namespace } = await compartment.import('module:0');
  return namespace;
};
