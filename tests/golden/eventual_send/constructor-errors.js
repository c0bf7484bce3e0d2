const attempt = (name, f) => {
  try {
    log(name, String(f()));
  } catch (e) {
    log(name, e.name, name === 'no new' ? e.message : '');
  }
};
attempt('no new', () => HandledPromise(() => {}));
attempt('no executor', () => new HandledPromise());
attempt('bad executor', () => new HandledPromise(5));
attempt('throws', () =>
  new HandledPromise(() => {
    throw Error('in executor');
  }));
attempt('throws after', () =>
  new HandledPromise(r => {
    r(5);
    throw Error('in executor');
  }));
