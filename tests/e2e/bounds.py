#!/usr/bin/env python3
"""What dynamic vats, devices and limits look like from the command line: devices from a vat's code, bundles by
name and id, suspension, a critical vat, what stops a run, a sandbox that cannot be had. Prints TAP, 1..N."""
import ctypes
import json
import os
import struct

from e2e import *

PLUGIN = "import { Far } from '@endo/far';\n" + root('''
  count: () => { n += 1; return n; },
  burn: m => { for (let i = 0; i < m; i += 1) n += i % 2; return 'burnt'; },
  fail: () => powers.exitVatWithFailure(Error('cannot go on')),
  leave: () => powers.exitVat('done')''', 'let n = 0;')


def with_plugin(dir, methods, before='', plugin=PLUGIN, **more):
    """A configuration with a named bundle "plugin", and bootstrap with these methods; `admin` is the service."""
    dir.basedir(root('''
      async bootstrap(vats, devices) {
        admin = await E(vats.vatAdmin).createVatAdminService(devices.vatAdmin);
        key = await E(vats.vatAdmin).getCriticalVatKey();
        device = devices.bundle;
        return first();
      },''' + methods, 'let admin, device, key; const { D } = powers;\n' + before))
    dir.file('plugin.js', plugin)
    return dir.file('config.json', json.dumps(dict(more, bootstrap='bootstrap', vats={
        'bootstrap': {'sourceSpec': './bootstrap.js'}}, bundles={'plugin': {'sourceSpec': './plugin.js'}})))


def bootstrap_gives(*args):
    """What bootstrap's promise is fulfilled to, if that is plain data."""
    answer = run_json(*args)['bootstrap']
    equal([answer['status'], answer['value']['slots']], ['fulfilled', []], answer)
    return json.loads(answer['value']['body'][1:])


# ---- devices and bundles ----

DEVICES = '''
  const first = async () => {
    const thrown = f => { try { return `no error: ${f()}`; } catch (e) { return e.message; } };
    const cap = D(device).getNamedBundleCap('plugin');
    const id = D(cap).getBundleID();
    const { root } = await E(admin).createVat(cap);
    return harden({
      id, same: D(device).getBundleCap(id) === cap, viaAdmin: await E(admin).getNamedBundleCap('plugin') === cap,
      idByName: await E(admin).getBundleIDByName('plugin'), count: await E(root).count(),
      noName: thrown(() => D(device).getNamedBundleCap('absent')),
      noId: thrown(() => D(device).getBundleCap('b1-none')),
      noMethod: thrown(() => D(device).steal(id)), noMethodOfCap: thrown(() => D(cap).steal()),
      noDevice: thrown(() => D({}).getBundleCap(id)),
      promise: thrown(() => D(device).getBundleCap(Promise.resolve(id))),
    });
  };'''


@case
def devices_answer_a_vat_at_once(dir):
    config = with_plugin(dir, '', DEVICES)
    got = bootstrap_gives(config)
    want(got['id'].startswith(('b1-', 'c1-')), got)
    equal(got['idByName'], got['id'])
    equal([got['same'], got['viaAdmin'], got['count']], [True, True, 1])
    for key, says in (('noName', "unregistered bundle name 'absent'"), ('noId', 'bundleID not yet installed: b1-none'),
                      ('noMethod', 'has no method steal'), ('noMethodOfCap', 'has no method steal'),
                      ('noDevice', ''), ('promise', 'Promise')):
        want(says in got[key] and 'no error' not in got[key], key, got)
    good(dir.store)
    exits(QUIET, capstan('replay', dir.store, 'bootstrap'))


@case
def an_id_says_what_is_in_the_bundle(dir):
    """The same source has the same id everywhere; another one has another."""
    ids = []
    for name, plugin in ('a', PLUGIN), ('b', PLUGIN), ('c', PLUGIN + '// another\n'):
        ids.append(bootstrap_gives(with_plugin(dir.sub(name), '', DEVICES, plugin))['id'])
    equal(ids[0], ids[1])
    want(ids[2] != ids[0], ids)


# ---- what stops a run ----

COUNTING = '''
  async bootstrap(vats) {
    for (let i = 0; i < 50; i += 1) powers.testLog(`${await E(vats.a).count()}`);
  }'''
COUNTED = [str(i + 1) for i in range(50)]


def in_slices(dir, *limit):
    """Runs under a limit until it is quiet: gives how often it was stopped."""
    base, lines, stops = dir.basedir(root(COUNTING), a=ANSWERING), [], 0
    prints(COUNTED, capstan('run', base, '--store', dir / 'whole.db'))
    while True:
        r = capstan('run', base, *limit)
        lines += r.out.splitlines()
        if r.code != STOPPED:
            break
        stops += 1
        want(stops < 1000, 'it does not come to an end', r)
    exits(QUIET, r)
    equal(lines, COUNTED)
    same_state(state(dir.store), state(dir / 'whole.db'), limit)
    good(dir.store)
    return stops


@case
def so_many_cranks(dir):
    stops = in_slices(dir, '--max-cranks', 20)
    want(stops > 5, stops)


@case
def so_many_computrons(dir):
    """After the crank with which they are spent: never none at all."""
    stops = in_slices(dir, '--max-computrons', 1000)
    want(stops > 5, stops)
    j = run_json(dir.path, '--reset', '--max-computrons', 1, code=STOPPED)
    equal(j['deliveries'], 1, j)


@case
def so_many_milliseconds(dir):
    pong = root('hit(ball) { E(ball).hit(self); }', 'const self = Far("self", { hit: x => { E(x).hit(self); } });')
    base = dir.basedir(root('bootstrap(vats) { E(vats.a).hit(vats.b); }'), a=pong, b=pong)
    for _ in range(2):
        started = time.monotonic()
        r = capstan('run', base, '--max-millis', 100)
        exits(STOPPED, r)
        want(time.monotonic() - started < 60, r)
    equal(in_slices(dir.sub('enough'), '--max-millis', 100000), 0)


@case
def limits_are_whole_numbers(dir):
    base = dir.basedir(a=ANSWERING)
    for option in '--max-cranks', '--max-computrons', '--max-millis', '--cleanup':
        for value in '-1', 'x', '1.5', '', '99999999999999999999':
            refused(USAGE, option, capstan('run', base, option, value))
    for option in '--max-cranks', '--max-computrons', '--max-millis':
        refused(USAGE, option, capstan('run', base, option, '0'))
    want(not os.path.exists(dir.store), 'a store was made')


@case
def what_is_left_of_the_dead_waits(dir):
    config = with_plugin(dir, '', '''
      const first = async () => {
        const { root, adminNode } = await E(admin).createVatByName('plugin', { name: 'gone' });
        for (let i = 0; i < 20; i += 1) await E(root).count();
        E(root).leave();
        return E(adminNode).done();
      };''')
    ended = lambda: [v['name'] for v in dump(dir.store)['vats'] if v['status'] == 'terminated']
    equal(bootstrap_gives(config), 'done')
    equal(ended(), [])
    equal(bootstrap_gives(config, '--reset', '--cleanup', 0), 'done')
    equal(ended(), ['gone'])
    for _ in range(3):
        exits(STOPPED, capstan('run', config, '--cleanup', 1, '--max-cranks', 5))
        equal(ended(), ['gone'])
        good(dir.store)
    exits(QUIET, capstan('run', config, '--cleanup', 1))
    equal(ended(), [])
    good(dir.store)


# ---- meters ----

@case
def a_suspended_vat_goes_on_when_its_meter_is_filled(dir):
    config = with_plugin(dir, '''
      burn: m => E(plugin).burn(m), count: () => E(plugin).count(),
      left: async () => `${(await E(meter).get()).remaining}`,
      fill: n => { E(meter).addRemaining(BigInt(n)); }''', '''
      let meter, plugin;
      const first = async () => {
        meter = await E(admin).createMeter(1_000_000n, 0n);
        plugin = (await E(admin).createVatByName('plugin', { name: 'one', meter, suspendOnUnderflow: true })).root;
        return E(plugin).count();
      };''')
    equal(bootstrap_gives(config), 1)
    r = exits(REJECTED, capstan('call', dir.store, 'bootstrap', 'burn', 1000000))
    want('without an answer' in r.err and 'suspended: its meter m1 has run out' in r.err, r)
    prints(['"0"'], capstan('call', dir.store, 'bootstrap', 'left'))
    r = exits(REJECTED, capstan('call', dir.store, 'bootstrap', 'count'))
    want('without an answer' in r.err and 'suspended' not in r.err, r)
    prints([], capstan('run', config))
    vats = {v['name']: v for v in dump(dir.store)['vats']}
    equal(vats['one']['status'], 'suspended')
    good(dir.store)
    with Serve(dir.store) as s:
        held = [s.send('bootstrap', 'count'), s.send('bootstrap', 'fill', 100000000)]
        s.ok('run')
        equal([s.ok('kpStatus', kpid=kpid) for kpid in held], ['fulfilled', 'fulfilled'])
        # what was held came first: burn() and the count() of before
        want(int(s.ok('kpResolution', kpid=held[0])['body'][1:]) > 100000, 'burn() came first')
        s.end()
    good(dir.store)
    exits(QUIET, capstan('replay', dir.store, vats['one']['id']))


@case
def a_meter_that_is_no_suspension_is_the_end(dir):
    config = with_plugin(dir, '', '''
      const first = async () => {
        const meter = await E(admin).createMeter(1_000_000n, 0n);
        const { root, adminNode } = await E(admin).createVatByName('plugin', { name: 'one', meter });
        E(root).burn(1000000).catch(() => {});
        return E(adminNode).done().then(() => 'no error', e => e.message);
      };''')
    got = bootstrap_gives(config)
    want('its meter has run out' in got, got)
    good(dir.store)


# ---- a vat that must not end ----

@case
def the_end_of_a_critical_vat_ends_the_run(dir):
    config = with_plugin(dir, '''
      count: () => E(plugin).count(), leave: () => E(plugin).leave(), fail: () => E(plugin).fail(),
      end: () => E(node).terminateWithFailure('no more')''', '''
      let plugin, node;
      const first = async () => {
        ({ root: plugin, adminNode: node } = await E(admin).createVatByName('plugin', { name: 'heart', critical: key }));
        return E(plugin).count();
      };''')
    equal(bootstrap_gives(config), 1)
    for n, how in enumerate(('leave', 'fail', 'end')):
        before = state(dir.store)
        r = exits(PANIC, capstan('call', dir.store, 'bootstrap', how))
        want('critical vat ended' in r.err and len(r.err.splitlines()) == 1, r)
        good(dir.store)
        # The last commit is before the crank that would have ended it, so another run ends there too.
        again = exits(PANIC, capstan('run', config))
        want('critical vat ended' in again.err, again)
        same_vat = [v for v in dump(dir.store)['vats'] if v['name'] == 'heart']
        equal(same_vat[0]['status'], 'running', how)
        exits(QUIET, capstan('run', config, '--reset'))
        equal(state(dir.store), before, how)
    prints(['2'], capstan('call', dir.store, 'bootstrap', 'count'))


@case
def only_the_key_makes_a_vat_critical(dir):
    config = with_plugin(dir, '', '''
      const first = async () => {
        const say = p => E.when(p, () => 'made', e => e.message);
        const make = critical => say(E(admin).createVatByName('plugin', { critical }));
        return Promise.all([make(true), make(Far('key', {})), make(key), make(false), make(undefined)]).then(harden);
      };''')
    got = bootstrap_gives(config)
    equal(got[2:], ['made', 'made', 'made'])
    want(all('criticalVatKey' in text for text in got[:2]), got)


# ---- what no meter stops ----

@case
def the_watchdog_ends_what_no_meter_stops(dir):
    """It waits for half a minute, twice: in the slow suite only."""
    if not os.environ.get('T_WATCHDOG'):
        raise Skip('takes a minute: T_WATCHDOG=1')
    base = dir.basedir(root('''
      async bootstrap(vats) {
        const answers = [E(vats.bad).work(), E(vats.good).count()];
        for (const { status, value, reason } of await Promise.allSettled(answers)) {
          powers.testLog(`${status} ${value ?? reason.message}`);
        }
      }'''), good=ANSWERING, bad=root('''
      work() {
        const a = [];
        a.length = 4294967295;
        a[4294967294] = 1;
        return a.lastIndexOf(2) + a.indexOf(2) + a.includes(2) + a.sort().length;
      }'''))
    r = prints(['rejected vat terminated', 'fulfilled 1'], capstan('run', base))
    equal(r.err.count('a worker process ended while it ran vat'), 2, r)
    want('vat killed its worker' in r.err, r)
    prints(['2'], capstan('call', dir.store, 'good', 'count'))
    good(dir.store)


# ---- a sandbox that cannot be had ----

LANDLOCK = 444  # landlock_create_ruleset(), on all machines


def without_landlock():
    """For the child: landlock is as if the system had none."""
    libc = ctypes.CDLL(None, use_errno=True)
    ALLOW, ENOSYS = 0x7fff0000, 0x00050000 | 38
    code = [(0x20, 0, 0, 0), (0x15, 0, 1, LANDLOCK), (0x06, 0, 0, ENOSYS), (0x06, 0, 0, ALLOW)]
    filters = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *step) for step in code))
    program = struct.pack('HxxxxxxP', len(code), ctypes.addressof(filters))
    PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, MODE_FILTER = 38, 22, 2
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or libc.prctl(PR_SET_SECCOMP, MODE_FILTER, program) != 0:
        os._exit(77)


@case
def a_sandbox_that_cannot_be_had(dir):
    base = dir.basedir(a=ANSWERING)
    r = capstan('run', base, '--require-sandbox', before=without_landlock)
    if r.code == 77:
        raise Skip('filters cannot be set here')
    refused(MACHINE, ['cannot be sandboxed here', 'landlock'], r)
    r = exits(QUIET, capstan('run', base, before=without_landlock))
    prints(['1'], capstan('call', dir.store, 'a', 'count', before=without_landlock))
    refused(MACHINE, 'cannot be sandboxed here',
            capstan('call', '--require-sandbox', dir.store, 'a', 'count', before=without_landlock))
    good(dir.store)


@case
def a_sandbox_that_a_kind_has_not(dir):
    base = dir.basedir(a=ANSWERING)
    refused(MACHINE, ["v1: vats of kind 'local' have no sandbox"],
            capstan('run', base, '--require-sandbox', '--worker', 'local'))
    # whatever says that vats are not in worker processes
    config = dir.file('config.json', json.dumps({
        'bootstrap': 'a', 'defaultManagerType': 'local', 'vats': {'a': {'sourceSpec': './vat-a.js'}}}))
    refused(MACHINE, ["v1: vats of kind 'local' have no sandbox"],
            capstan('run', config, '--require-sandbox', '--store', dir / 'other.db'))


main()
