// Does what it is told: the deliveries are made by random-deliveries.mjs.
import { Far, E, passStyleOf } from '@endo/far';
import { makePromiseKit } from '@endo/promise-kit';

export const buildRootObject = ({ testLog }) => {
  const regs = Array(12).fill(undefined);
  const kits = Array(12).fill(undefined);
  let objects = 0;
  const show = v => {
    const style = v instanceof Promise ? 'promise' : typeof v;
    return style === 'object' && v !== null ? passStyleOf(v) : `${style} ${String(v)}`;
  };
  const follow = (name, p) =>
    p.then(
      v => testLog(name, ' ', show(v)),
      e => testLog(name, ' ! ', e instanceof Error ? e.message : show(e)),
    );
  let exec;
  const value = (x, args) => {
    if (!Array.isArray(x)) return x;
    if (x[0] === 'r') return regs[x[1]];
    if (x[0] === 'a') return args[x[1]];
    return x.slice(1).map(y => value(y, args));
  };
  const makeObject = () => {
    objects += 1;
    const name = `object${objects}`;
    return Far(name, {
      echo: v => {
        testLog(name, ' echo');
        return v;
      },
      later: async v => {
        testLog(name, ' later');
        await null;
        return v;
      },
      fail: () => {
        throw Error(`${name} fails`);
      },
    });
  };
  const step = ([op, ...rest], args) => {
    const v = i => value(rest[i], args);
    switch (op) {
      case 'kit':
        kits[rest[0]] = makePromiseKit();
        regs[rest[0]] = kits[rest[0]].promise;
        break;
      case 'resolve':
        kits[rest[0]] && kits[rest[0]].resolve(v(1));
        break;
      case 'reject':
        kits[rest[0]] && kits[rest[0]].reject(v(1));
        break;
      case 'send':
        regs[rest[0]] = E(v(1))[rest[2]](...rest[3].map(x => value(x, args)));
        if (rest[4]) follow(rest[4], regs[rest[0]]);
        else regs[rest[0]].catch(() => {});
        break;
      case 'follow':
        follow(rest[0], E.when(v(1)));
        break;
      case 'then':
        regs[rest[0]] = E.when(v(1)).then(
          w => exec(rest[2], [...args, w]),
          e => testLog('caught ', e instanceof Error ? e.message : show(e)),
        );
        break;
      case 'await':
        (async () => {
          testLog('awaiting');
          let w;
          try {
            w = await v(0);
          } catch (e) {
            testLog('await threw');
          }
          exec(rest[1], [...args, w]);
        })();
        break;
      case 'object':
        regs[rest[0]] = makeObject();
        break;
      case 'all':
        regs[rest[0]] = Promise.all(rest[1].map(x => value(x, args)));
        follow('all', regs[rest[0]]);
        break;
      case 'set':
        regs[rest[0]] = v(1);
        break;
      default:
    }
  };
  exec = (ops, args) => {
    for (const [op, ...rest] of ops) {
      if (op === 'return') return value(rest[0], args);
      if (op === 'throw') throw value(rest[0], args);
      step([op, ...rest], args);
    }
    return undefined;
  };
  for (let i = 0; i < 9; i += 1) step([i < 3 ? 'object' : 'kit', i], []);
  return Far('root', { run: (ops, ...args) => exec(ops, args) });
};
