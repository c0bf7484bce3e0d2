// What each program is given beside E, HandledPromise, harden and promise-kit's exports.
(out => {
  const log = (...values) => {
    out.push(values.map(String).join(' '));
  };
  return {
    log,
    // Says in which turn, counted from now, we are.
    clock: turns => {
      let p = Promise.resolve();
      for (let i = 1; i <= turns; i += 1) p = p.then(() => log(`-- ${i}`));
    },
    // Says how a promise ends.
    show: (name, promise) =>
      promise.then(
        value => log(`${name} = ${String(value)}`),
        reason => log(`${name} ! ${reason instanceof Error ? reason.message : String(reason)}`),
      ),
    // A promise with its three resolving functions.
    kit: handler => {
      const k = {};
      k.promise = new HandledPromise((resolve, reject, resolveWithPresence) => {
        Object.assign(k, { resolve, reject, resolveWithPresence });
      }, handler);
      return k;
    },
    // A handler that says what it is asked, and answers with `answer`.
    handler: (name, answer = undefined) => ({
      get(_target, key) {
        log(`${name}.get ${String(key)}`);
        return answer;
      },
      applyFunction(_target, args) {
        log(`${name}.call ${args}`);
        return answer;
      },
      applyMethod(_target, key, args) {
        log(`${name}.${String(key)} ${args}`);
        return answer;
      },
    }),
  };
})
