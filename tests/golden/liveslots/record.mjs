// Records what the reference's worker does, for tests/unit/test_liveslots_golden.c.
//
//   REFERENCE=DIR node record.mjs [NAME ...]
//
// DIR holds node_modules with @agoric/swingset-vat 0.33.0. For each program of cases.mjs this starts
// an xsnap worker with the stock lockdown and supervisor bundles, feeds it the deliveries and writes
// NAME.json: every delivery with its syscalls in order (vatstore ones left out; those to devices with
// their answers), what the vat said, and the result. Needs node 20; never run by the tests.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';

const here = new URL('.', import.meta.url).pathname;
const reference = process.env.REFERENCE;
if (!reference) throw Error('set REFERENCE to the directory that holds node_modules');
const load = async (pkg, file) => {
  const dir = path.join(reference, 'node_modules', pkg);
  const main = file ?? JSON.parse(fs.readFileSync(path.join(dir, 'package.json'))).main;
  return import(pathToFileURL(path.join(dir, main)).href);
};

await load('@endo/init', 'index.js');
const { default: bundleSource } = await load('@endo/bundle-source', 'src/index.js');
const { xsnap } = await load('@agoric/xsnap', 'src/index.js');
const { getLockdownBundle } = await load('@agoric/xsnap-lockdown', 'src/index.js');
const { getSupervisorBundle } = await load('@agoric/swingset-xsnap-supervisor', 'src/index.js');
const { answers, cases, random, randomDrops } = await import('./cases.mjs');

// The vatstore of one vat: enough for liveslots to start.
const makeStore = () => {
  const map = new Map();
  return ([kind, key, value]) => {
    switch (kind) {
      case 'vatstoreGet':
        return map.get(key) ?? null;
      case 'vatstoreSet':
        map.set(key, value);
        return null;
      case 'vatstoreDelete':
        map.delete(key);
        return null;
      case 'vatstoreGetNextKey':
        return [...map.keys()].sort().find(k => k > key) ?? null;
      default:
        return undefined;
    }
  };
};

const startWorker = async (name, onCommand) => {
  const worker = await xsnap({
    os: os.type(),
    spawn,
    fs: { ...fs, ...fs.promises },
    stdout: 'inherit',
    stderr: 'inherit',
    name,
    handleCommand: async msg =>
      new TextEncoder().encode(JSON.stringify(onCommand(JSON.parse(new TextDecoder().decode(msg))))),
  });
  for (const bundle of [await getLockdownBundle(), await getSupervisorBundle()]) {
    await worker.evaluate(`(${bundle.source}\n)()`.trim());
  }
  return worker;
};

// `next` gives the deliveries, one after the other, told what syscalls the last one made.
const record = async (name, program, next) => {
  const store = makeStore();
  const devices = [...(answers[name] ?? [])];
  let now;
  const worker = await startWorker(name, ([type, ...args]) => {
    if (type === 'testLog') {
      now.log.push(args.map(arg => (typeof arg === 'string' ? arg : JSON.stringify(arg))).join(''));
    } else if (type === 'sourcedConsole') {
      if (args[0] === 'vat') now.console.push([args[1], args.slice(2).join(' ')]);
    } else if (args[0][0] === 'callNow') {
      const answer = devices.shift() ?? ['error', 'unexpected call'];
      now.syscalls.push([...args[0], answer]);
      return answer;
    } else {
      const answer = store(args[0]);
      if (answer === undefined) now.syscalls.push(args[0]);
      return ['ok', answer ?? null];
    }
    return ['ok'];
  });
  now = { log: [], console: [], syscalls: [] };
  const tell = async item => {
    const { reply } = await worker.issueStringCommand(JSON.stringify(item));
    return reply === '' ? null : JSON.parse(reply);
  };
  // The program is copied to where its bare imports resolve.
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'record-'));
  fs.symlinkSync(path.join(reference, 'node_modules'), path.join(dir, 'node_modules'));
  const dependencies = { '@endo/far': '*', '@endo/marshal': '*', '@endo/promise-kit': '*' };
  fs.writeFileSync(
    path.join(dir, 'package.json'),
    JSON.stringify({ name: 'program', type: 'module', dependencies }),
  );
  fs.copyFileSync(path.join(here, `${program}.js`), path.join(dir, 'vat.js'));
  const bundle = await bundleSource(path.join(dir, 'vat.js'), { format: 'endoZipBase64' });
  fs.rmSync(dir, { recursive: true });
  await tell(['setBundle', 'v1', bundle, {}]);
  const out = [];
  for (let d = next(); d; d = next(now.syscalls)) {
    now = { delivery: d, syscalls: [], log: [], console: [] };
    let result;
    try {
      result = await tell(['deliver', d]);
    } catch (e) {
      result = ['error', `worker died: ${e.code ?? e.message}`];
    }
    out.push({ ...now, result: [result[0], result[0] === 'ok' ? null : result[1]] });
    if (result[0] !== 'ok') break;
  }
  await worker.terminate().catch(() => {});
  const lines = out.map(o => ` {${Object.entries(o).map(([k, v]) => `\n  ${JSON.stringify(k)}: ${
    k === 'syscalls' && v.length ? `[\n${v.map(s => `   ${JSON.stringify(s)}`).join(',\n')}]` : JSON.stringify(v)}`)}\n }`);
  fs.writeFileSync(path.join(here, `${name}.json`), `[\n${lines.join(',\n')}\n]\n`);
};

const wanted = process.argv.slice(2);
const todo = Object.entries(cases).map(([name, deliveries]) => {
  const queue = [...deliveries];
  return [name, name, () => queue.shift()];
});
random.forEach((next, i) => todo.push([`random-${i + 1}`, 'random', next]));
randomDrops.forEach((next, i) => todo.push([`random-drops-${i + 1}`, 'random', next]));
for (const [name, program, next] of todo) {
  if (wanted.length === 0 || wanted.includes(name)) {
    await record(name, program, next);
    console.log(name);
  }
}
process.exit(0);
