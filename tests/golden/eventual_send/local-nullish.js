for (const target of [undefined, null]) {
  show('method', E(target).foo());
  show('symbol', E(target)[Symbol.for('sym')]());
  E.get(target).foo.then(
    () => log('no'),
    e => log('get', e.name),
  );
}
