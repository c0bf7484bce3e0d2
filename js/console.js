// The global `console`. Arguments are shown by the engine (src/engine/display.c), which runs none of
// the caller's code. What needs a clock or keeps state does nothing: programs may call it anywhere.
(() => {
  'use strict';
  const { debug, log, info, warn, error } = native;
  const nothing = () => {};
  globalThis.console = {
    debug,
    log,
    info,
    warn,
    error,
    trace: debug,
    dir: value => log(value),
    dirxml: log,
    table: value => log(value),
    group: log,
    groupCollapsed: log,
    groupEnd: nothing,
    assert: (condition, ...rest) => {
      if (!condition) error('Assertion failed', ...rest);
    },
    clear: nothing,
    count: nothing,
    countReset: nothing,
    time: nothing,
    timeLog: nothing,
    timeEnd: nothing,
  };
})();
