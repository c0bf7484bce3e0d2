#!/usr/bin/env python3
"""What whoever makes vats does wrong: a clear error to the one who asked, nothing has happened, and the
kernel goes on. Prints TAP, 1..N."""
import json

from e2e import *

PLUGIN = "import { Far } from '@endo/far';\n" + root(
    "greet: who => `hello ${who}`, count: () => { n += 1; return n; }", 'let n = 0;')
HOST = '''
import { E, Far } from '@endo/far';
export const buildRootObject = ({ testLog }) => {
  let admin;
  let root;
  const kept = [];
  const told = (what, answer) => E.when(answer, v => testLog(`${what}: ${v}`),
                                        e => testLog(`${what}: refused, ${e.message}`));
  const make = options => E(admin).createVatByName('plugin', options);
  return Far('host', {
    async bootstrap(vats, devices) {
      root = vats.vatAdmin;
      admin = await E(root).createVatAdminService(devices.vatAdmin);
    },
    %s
  });
};
'''


def world(dir, methods, **more):
    dir.file('plugin.js', PLUGIN)
    dir.file('dull.js', 'export const nothing = 1;\n')
    dir.file('host.js', HOST % methods)
    return dir.file('config.json', json.dumps({
        'bootstrap': 'host', 'vats': {'host': {'sourceSpec': './host.js'}},
        'bundles': {'plugin': {'sourceSpec': './plugin.js'}, 'dull': {'sourceSpec': './dull.js'}},
        **more}))


def run(dir, config, method='go', code=QUIET):
    """The lines that the host's method prints."""
    exits(QUIET, capstan('run', config))
    r = exits(code, capstan('call', dir.store, 'host', method))
    return [l for l in r.err.splitlines() if not l.startswith('capstan: ')]


def vats(store):
    return sorted(v.get('name') or '' for v in dump(store)['vats'] if v['status'] == 'running')


def all_say(lines, wanted):
    equal(len(lines), len(wanted), '\n'.join(lines))
    for line, words in zip(lines, wanted):
        want(words in line, 'not %r:' % words, line)


OPTIONS = [
    ('5', 'must be a record'), ("'one'", 'must be a record'), ('[]', 'must be a record'),
    ("{ colour: 'blue' }", "unknown option 'colour'"),
    ("{ name: 'two words' }", "option 'name' must be 1 to 199 of"),
    ("{ name: '' }", "option 'name' must be"), ('{ name: 5 }', "option 'name' must be"),
    ("{ name: 'x'.repeat(200) }", "option 'name' must be"),
    ("{ managerType: 'thread' }", "option 'managerType' must be a kind of vat manager"),
    ("{ managerType: 'external' }", "option 'managerType' must be"),
    ('{ managerType: null }', "option 'managerType' must be"),
    ("{ group: 'x'.repeat(32) }", "option 'group' must be a name of at most 31"),
    ("{ group: '../x' }", "option 'group' must be"),
    ('{ reapInterval: 0 }', "option 'reapInterval' must be a number from 1 on"),
    ('{ reapInterval: -1 }', "option 'reapInterval' must be"),
    ('{ reapInterval: 1.5 }', "option 'reapInterval' must be"),
    ("{ reapGCKrefs: 'often' }", "option 'reapGCKrefs' must be"),
    ('{ reapGCKrefs: 2n ** 63n }', "option 'reapGCKrefs' must be"),
    ('{ neverReap: 1 }', "option 'neverReap' must be true or false"),
    ("{ enablePipelining: 'yes' }", "option 'enablePipelining' must be true or false"),
    ('{ enableDisavow: 0 }', "option 'enableDisavow' must be true or false"),
    ('{ enableSetup: true }', "option 'enableSetup' must be false"),
    ('{ useTranscript: false }', "option 'useTranscript' must be true"),
    ('{ suspendOnUnderflow: null }', "option 'suspendOnUnderflow' must be true or false"),
    ('{ critical: true }', 'invalid criticalVatKey'), ("{ critical: 'v1' }", 'invalid criticalVatKey'),
    ("{ meter: 'm1' }", 'invalid meter'), ('{ meter: 5 }', 'invalid meter'),
]


@case
def options_that_are_unknown_or_out_of_range(dir):
    asks = ''.join("await told('%d', make(%s));\n" % (n, o) for n, (o, _) in enumerate(OPTIONS))
    config = world(dir, "async go() { %s await told('changed', changed()); }" % asks)
    dir.file('host.js', HOST.replace('  const make', '''
  const changed = async () => {
    const { adminNode } = await make({ name: 'one' });
    await told('later', E(adminNode).changeOptions({ colour: 1 }));
    await told('later', E(adminNode).changeOptions({ reapInterval: 0 }));
    await told('later', E(adminNode).changeOptions({ name: 'two' }));
    await told('later', E(adminNode).changeOptions(5));
    return E(adminNode).changeOptions({ reapInterval: 7 });
  };
  const make''') % ("async go() { %s await told('changed', changed()); }" % asks))
    lines = run(dir, config)
    all_say(lines, [says for _, says in OPTIONS] +
            ["unknown option 'colour'", "option 'reapInterval'", "unknown option 'name'", 'requires a record',
             'changed: undefined'])
    equal(vats(dir.store), ['host', 'one', 'vatAdmin'])
    good(dir.store)


@case
def bundles_that_are_none(dir):
    config = world(dir, '''async go() {
      await told('absent', E(admin).createVatByName('absent'));
      await told('number', E(admin).createVatByName(5));
      await told('object', E(admin).createVat(Far('cap', {})));
      await told('promise', E(admin).createVat(new Promise(() => {})));
      await told('nothing', E(admin).createVat());
      await told('whole', E(admin).createVat({ moduleFormat: 'endoZipBase64' }));
      await told('id', E(admin).getBundleCap('b1-0'));
      await told('bad id', E(admin).waitForBundleCap('a/b'));
      await told('name', E(admin).getNamedBundleCap('absent'));
      await told('dull', E(admin).createVatByName('dull'));
      await told('plugin', E((await make({ name: 'p' })).root).greet('you'));
    }''')
    cap = 'Vat Creation Error: createVat() requires a bundlecap'
    all_say(run(dir, config), [
        "unregistered bundle name 'absent'", 'requires bundleName to be a string', cap, cap, cap, cap,
        'bundleID not yet installed: b1-0', 'bundleID must be a string of', "unregistered bundle name 'absent'",
        'dull: refused, Vat Creation Error: ', 'plugin: hello you'])
    equal(vats(dir.store), ['host', 'p', 'vatAdmin'])
    good(dir.store)


@case
def a_meter_of_0(dir):
    config = world(dir, '''async go() {
      for (const n of [-1n, 1.5, 'x', 2n ** 63n, undefined]) {
        await told('meter', E(admin).createMeter(n, 0n));
        await told('threshold', E(admin).createMeter(5n, n));
      }
      const empty = await E(admin).createMeter(0n, 0n);
      await told('empty', make({ meter: empty }));
      await told('still empty', E(E(empty).get()).remaining);
      const low = await E(admin).createMeter(0n, 0n);
      const waits = make({ name: 'waits', meter: low, suspendOnUnderflow: true });
      await told('add', E(low).addRemaining(-1n));
      await told('add', E(low).addRemaining(2n ** 63n));
      await told('add', E(low).addRemaining(100_000_000n));
      await told('waits', E((await waits).root).greet('you'));
      await told('plugin', E((await make({ name: 'p' })).root).greet('you'));
    }''')
    lines = run(dir, config)
    want(all('refused' in l for l in lines[:10]), lines)
    all_say(lines[10:], ['empty: refused, Vat Creation Error: ', 'still empty: ', 'add: refused', 'add: refused',
                         'add: undefined', 'waits: hello you', 'plugin: hello you'])
    good(dir.store)


@case
def the_end_of_a_critical_vat(dir):
    """Only by who may make one; then the kernel stops, and what was committed stays."""
    config = world(dir, '''async go() {
      const critical = await E(root).getCriticalVatKey();
      kept.push(await make({ name: 'boss', critical }));
      await told('boss', E(kept[0].root).greet('you'));
    },
    end: () => E(kept[0].adminNode).terminateWithFailure(Error('enough'))''')
    equal(run(dir, config), ['boss: hello you'])
    r = exits(PANIC, capstan('call', dir.store, 'host', 'end'))
    want('critical vat ended: ' in r.err and 'enough' in r.err, r)
    equal(vats(dir.store), ['boss', 'host', 'vatAdmin'])
    good(dir.store)
    with Serve(dir.store) as s:
        s.refuses('PANIC', 'critical vat ended', 'terminateVat', vat=[
            v['id'] for v in dump(dir.store)['vats'] if v['name'] == 'boss'][0], reason='by us')
    good(dir.store)


@case
def vats_without_end(dir):
    """As many vats live as may: who asks for more is refused, the others go on."""
    config = world(dir, '''async go() {
      for (let i = 0; i < 9; i += 1) {
        try {
          kept.push(await make({ name: `p${i}` }));
        } catch (e) {
          testLog(`${i}: ${e.message}`);
        }
      }
      for (const { root } of kept) await told('count', E(root).count());
    },
    async swap() {
      await E(kept.pop().adminNode).terminateWithFailure(Error('enough'));
      kept.push(await make({ name: 'new' }));
      await told('new', E(kept[kept.length - 1].root).count());
      await told('more', make({}));
    },
    many: () => Promise.allSettled([...Array(200)].map(() => make({}))).then(
      all => told('many', all.filter(r => r.status === 'fulfilled').length))''', maxVats=5)
    no = ': Vat Creation Error: 5 vats live, and no more may'
    equal(run(dir, config), ['%d%s' % (i, no) for i in range(3, 9)] + ['count: 1'] * 3)
    equal(run(dir, config, 'swap'), ['new: 1', 'more: refused, ' + no[2:]])
    equal(vats(dir.store), ['host', 'new', 'p0', 'p1', 'vatAdmin'])
    with Serve(dir.store) as s:
        for wrong in 0, -1, 1.5, 'many', None:
            s.refuses('USAGE', 'maxVats must be a whole number', 'changeKernelOptions', maxVats=wrong)
        equal(s.ok('changeKernelOptions', maxVats=12), True)
        s.end()
    equal(run(dir, config, 'many'), ['many: 7'])
    equal(len(vats(dir.store)), 12)
    good(dir.store)


main()
