// Links the modules of an archive that was made for SES (endoZipBase64): each comes as a function
// that is told what it imports and tells what it exports, in the calling convention of
// @endo/module-source, or of @endo/compartment-mapper for CommonJS. The import in front of this is
// written by src/host/archive.c.
//
//   modules: [{ name, kind: 'mjs' | 'cjs' | 'json', value, links, … }]
//     value    the function; its text, if variables that it exports are assigned to from inside;
//              or the value of a JSON or text module
//     links    { specifier: { builtin: index or undefined, module: index or undefined } }
//   builtins: namespaces of built-in modules. What one does not export comes from the module of the
//     archive that stands beside it in the link, if there is one.
//
// A notifier hands a binding's value to an updater: at once if there is one, and at each change.

const { create, defineProperty, freeze, hasOwn, keys } = Object;

// One exported variable.
const makeCell = name => {
  let value;
  let isReady = false;
  const updaters = [];
  return {
    get: () => {
      if (!isReady) throw ReferenceError(`${name} is not initialized yet`);
      return value;
    },
    set: newValue => {
      value = newValue;
      isReady = true;
      for (const update of updaters) update(newValue);
      return newValue;
    },
    notify: update => {
      updaters.push(update);
      if (isReady) update(value);
    },
  };
};

const defineNamespace = (namespace, getters) => {
  for (const name of keys(getters).sort()) {
    defineProperty(namespace, name, { get: getters[name], enumerable: true });
  }
  defineProperty(namespace, Symbol.toStringTag, { value: 'Module' });
  freeze(namespace);
};

// What importing modules see of a module: { notifiers, namespace, execute }.
const makeFromBuiltin = builtin => {
  const notifiers = create(null);
  for (const name of keys(builtin)) notifiers[name] = update => update(builtin[name]);
  notifiers['*'] = update => update(builtin);
  return { notifiers, namespace: builtin, execute: () => {} };
};

const makeFromValue = value => makeFromBuiltin(harden({ default: value }));

const makeFromFunctor = (module, find, evaluate) => {
  const { name, value, links, reexports = [], fixed = {}, live = {}, renamed = {} } = module;
  const namespace = create(null);
  const notifiers = create(null);
  const getters = create(null);
  const lexicals = create(null);
  const onceVar = create(null);
  const liveVar = create(null);
  let functor = value;
  let failure;

  const offer = (exported, notify, get) => {
    notifiers[exported] = notify;
    getters[exported] = get;
  };
  const declare = (exports, variables, isLive) => {
    const cells = create(null);
    for (const [exported, [local, isAssigned]] of Object.entries(exports)) {
      cells[local] ||= makeCell(local);
      const { get, set, notify } = cells[local];
      offer(exported, notify, get);
      variables[local] = set;
      if (isLive && isAssigned && !hasOwn(lexicals, local)) defineProperty(lexicals, local, { get, set });
    }
  };
  // What is passed on from another module.
  const pass = (exported, notify) => {
    if (notifiers[exported] || !notify) return;
    let current;
    notify(newValue => {
      current = newValue;
    });
    offer(exported, notify, () => current);
  };

  const imports = records => {
    const stars = create(null);
    stars.default = false; // export * leaves it out
    for (const [specifier, updaters] of records) {
      const from = find(links, specifier, name);
      from.execute();
      for (const [imported, updates] of updaters) {
        const notify = from.notifier(imported);
        if (!notify) throw SyntaxError(`${name}: '${specifier}' does not export '${imported}'`);
        updates.forEach(update => notify(update));
      }
      if (reexports.includes(specifier)) {
        for (const exported of from.names()) {
          stars[exported] = stars[exported] === undefined && from.notifier(exported);
        }
      }
      const pairs = hasOwn(renamed, specifier) ? renamed[specifier] : [];
      for (const [imported, exported] of pairs) pass(exported, from.notifier(imported));
    }
    for (const exported of keys(stars)) pass(exported, stars[exported]);
    defineNamespace(namespace, getters);
  };

  declare(fixed, onceVar, false);
  declare(live, liveVar, true);
  notifiers['*'] = update => update(namespace);
  const dynamicImport = async specifier => {
    const from = find(links, specifier, name);
    from.execute();
    return from.namespace;
  };
  const execute = () => {
    if (functor !== undefined) {
      const run = typeof functor === 'string' ? evaluate(functor, lexicals) : functor;
      functor = undefined; // a circle of imports comes here again
      try {
        run(freeze({ imports, onceVar, liveVar, import: dynamicImport, importMeta: create(null) }));
      } catch (error) {
        failure = { error };
      }
    }
    if (failure) throw failure.error;
  };
  return { notifiers, namespace, execute };
};

const makeFromCommonJS = ({ name, value, links, exports: names = [] }, find) => {
  const namespace = create(null);
  const module = { exports: {} };
  const cells = create(null);
  const getters = create(null);
  const notifiers = create(null);
  for (const exported of new Set(['default', ...names])) {
    cells[exported] = makeCell(exported);
    getters[exported] = cells[exported].get;
    notifiers[exported] = cells[exported].notify;
  }
  notifiers['*'] = update => update(namespace);
  defineNamespace(namespace, getters);

  const publish = () => {
    for (const exported of keys(cells)) {
      cells[exported].set(exported === 'default' ? module.exports : module.exports?.[exported]);
    }
  };
  const require = specifier => {
    const from = find(links, specifier, name);
    from.execute();
    return hasOwn(from.namespace, 'default') ? from.namespace.default : from.namespace;
  };
  let hasRun = false;
  const execute = () => {
    if (hasRun) return;
    hasRun = true;
    publish(); // what a circle of requires sees
    value.call(module.exports, require, module.exports, module, null, null);
    publish();
  };
  return { notifiers, namespace, execute };
};

// Evaluates the text of a functor in the vat's compartment, whose `Function` this is. `with` gives it
// the variables that it assigns to; the functor itself is strict.
const makeEvaluate = Function => (text, lexicals) =>
  Function('lexicals', `with (lexicals) { return (${text}\n); }`)(lexicals);

export const link = (modules, builtins, entry, Function) => {
  const evaluate = makeEvaluate(Function);
  const instances = [];
  const instance = index => {
    if (!instances[index]) {
      const { kind, value } = modules[index];
      if (kind === 'mjs') instances[index] = makeFromFunctor(modules[index], find, evaluate);
      else if (kind === 'cjs') instances[index] = makeFromCommonJS(modules[index], find);
      else instances[index] = makeFromValue(value);
    }
    return instances[index];
  };

  const importable = ({ notifiers, namespace, execute }) => ({
    namespace,
    execute,
    names: () => keys(notifiers).filter(name => name !== '*'),
    notifier: name => notifiers[name],
  });
  const behind = (module, name) => {
    if (module === undefined) return undefined;
    instance(module).execute();
    return instance(module).notifiers[name];
  };
  // The module that `specifier` means: of the archive, or built in with the archive's behind it.
  const find = (links, specifier, importer) => {
    if (!hasOwn(links, specifier)) {
      throw ReferenceError(`cannot find '${specifier}' (imported by ${importer})`);
    }
    const { builtin, module } = links[specifier];
    if (builtin === undefined) return importable(instance(module));
    const found = importable(makeFromBuiltin(builtins[builtin]));
    return { ...found, notifier: name => found.notifier(name) || behind(module, name) };
  };

  instance(entry).execute();
  return instance(entry).namespace;
};

// A CommonJS module of a source tree (src/host/tree_write.c): `requirables` gives what each specifier
// means, when it is asked for.
export const commonJS = (body, name, requirables) => {
  const module = { exports: {} };
  const require = specifier => {
    if (!hasOwn(requirables, specifier)) {
      throw ReferenceError(`cannot find '${specifier}' (required by ${name})`);
    }
    return requirables[specifier]();
  };
  body.call(module.exports, module.exports, require, module, name, name.replace(/\/?[^/]*$/, '') || '.');
  return module.exports;
};
