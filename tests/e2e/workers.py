#!/usr/bin/env python3
"""Where vats run: kinds of workers give the same runs, external vats, workers that are killed, and what is
refused. Prints TAP, 1..N."""
import json
import os
import shutil
import signal

from e2e import *

KINDS = ['local', 'process', 'process:2', 'process:vat', 'xs-worker', 'xsnap']


def children(pid):
    with open('/proc/%d/task/%d/children' % (pid, pid)) as f:
        return [int(p) for p in f.read().split()]


def external(dir, *command):
    """A configuration with one external vat."""
    dir.basedir(root('bootstrap: async vats => `${await E(vats.x).go()}`'))
    return dir.file('config.json', json.dumps({
        'bootstrap': 'bootstrap', 'vats': {
            'bootstrap': {'sourceSpec': './bootstrap.js'},
            'x': {'creationOptions': {'managerType': 'external', 'command': list(command)}}}}))


@case
def all_kinds_run_alike(dir):
    base = dir.basedir(BUSY, a=ANSWERING)
    stores = {}
    for kind in KINDS:
        store = dir / (kind + '.db')
        prints(['hi %d' % i for i in range(20)],
               capstan('run', base, '--store', store, '--worker', kind))
        stores[kind] = state(store)
    for kind in KINDS[1:]:
        same_state(stores[kind], stores['local'], kind)


@case
def a_store_goes_on_with_another_kind(dir):
    base = dir.basedir(BUSY, a=ANSWERING)
    prints(['hi %d' % i for i in range(20)], capstan('run', base, '--worker', 'process'))
    for n, kind in enumerate(KINDS):
        prints([str(21 + n)], capstan('call', '--worker', kind, dir.store, 'a', 'count'))
    r = exits(QUIET, capstan('replay', dir.store, 'a', env=dict(os.environ, CAPSTAN_WORKER='local')))
    want('all syscalls equal' in r.out, r)
    good(dir.store)


def processes_of(target, *args, env=None):
    """How many worker processes a run has."""
    with Serve(target, *args, env=env) as s:
        s.send('a', 'count')
        s.ok('run')
        n = len(children(s.p.pid))
        s.end()
    return n


@case
def a_configuration_says_where_its_vats_run(dir):
    """defaultManagerType: after --worker, the environment and managerType, before the default."""
    bare = {k: v for k, v in os.environ.items() if k != 'CAPSTAN_WORKER'}
    dir.basedir(a=ANSWERING)

    def config(name, **more):
        return dir.file(name + '.json', json.dumps({'vats': {'a': {'sourceSpec': './vat-a.js'}}, **more}))

    for kind, count in (None, 1), ('local', 0), ('xs-worker', 1), ('xsnap', 1), ('process', 1):
        name = kind or 'none'
        path = config(name, **({'defaultManagerType': kind} if kind else {}))
        store = dir / (name + '.db')
        equal(processes_of(path, '--store', store, env=bare), count, kind)
        equal(processes_of(store, env=bare), count, kind, 'kept in the store')
        equal(processes_of(store, '--worker', 'local', env=bare), 0, kind)
        equal(processes_of(store, '--worker', 'process:vat', env=bare), 1, kind)
        equal(processes_of(store, env=dict(bare, CAPSTAN_WORKER='process')), 1, kind)
        equal(processes_of(store, env=dict(bare, CAPSTAN_WORKER='local')), 0, kind)
    # A store goes on as it is, whatever its configuration says by now; a vat's own option comes first.
    config('local', defaultManagerType='xs-worker')
    equal(processes_of(dir / 'local.json', '--store', dir / 'local.db', env=bare), 0)
    own = config('own', defaultManagerType='local', vats={
        'a': {'sourceSpec': './vat-a.js', 'creationOptions': {'managerType': 'xs-worker'}}})
    equal(processes_of(own, '--store', dir / 'own.db', env=bare), 1)
    same_state(state(dir / 'xsnap.db'), state(dir / 'none.db'))
    for wrong in 'thread', 'external', 'native', 5, None:
        refused(USAGE, ["'defaultManagerType' in the configuration must be", '"xs-worker"'],
                capstan('run', config('wrong', defaultManagerType=wrong)))


@case
def the_environment_says_it_too(dir):
    base = dir.basedir(BUSY, a=ANSWERING)
    refused(USAGE, 'no worker kind',
            capstan('run', base, env=dict(os.environ, CAPSTAN_WORKER='thread')))
    exits(QUIET, capstan('run', base, env=dict(os.environ, CAPSTAN_WORKER='local')))


@case
def workers_are_processes_and_end_with_us(dir):
    base = dir.basedir(BUSY, a=ANSWERING)
    for kind, count in ('local', 0), ('process', 1), ('process:vat', 2):
        with Serve(base, '--store', dir / kind, '--worker', kind) as s:
            s.ok('run')
            pids = children(s.p.pid)
            equal(len(pids), count, kind)
            for pid in pids:
                equal(sorted(map(int, os.listdir('/proc/%d/fd' % pid))), [0, 1, 2, 3, 4])
                with open('/proc/%d/status' % pid) as f:
                    status = f.read()
                want('NoNewPrivs:\t1' in status and 'Seccomp:\t2' in status, status)
                with open('/proc/%d/environ' % pid) as f:
                    equal(f.read(), '')
            s.p.kill()
            s.p.wait()
            for pid in pids:
                for _ in range(200):
                    if not os.path.exists('/proc/%d' % pid):
                        break
                    time.sleep(0.05)
                want(not os.path.exists('/proc/%d' % pid), 'a worker outlives its kernel')


@case
def a_killed_worker_is_said_and_comes_back(dir):
    base = dir.basedir(a=ANSWERING)
    with Serve(base) as s:
        s.ok('run')
        for n in range(3):
            kpid = s.send('a', 'count')
            s.ok('run')
            equal(s.ok('kpResolution', kpid=kpid)['body'], '#%d' % (n + 1))
            os.kill(children(s.p.pid)[0], signal.SIGKILL)
        kpid = s.send('a', 'count')
        s.ok('run')
        equal(s.ok('kpResolution', kpid=kpid)['body'], '#4')
        err = s.end()
    equal(err.count('a worker process ended while it ran vat v1: killed by signal 9'), 3, err)
    good(dir.store)


@case
def a_stopped_worker_holds_up_nobody_for_ever(dir):
    base = dir.basedir(a=ANSWERING)
    with Serve(base) as s:
        s.ok('run')
        os.kill(children(s.p.pid)[0], signal.SIGSTOP)
        s.end()


@case
def the_watchdog_ends_a_worker_that_is_silent(dir):
    base = dir.basedir(a=ANSWERING)
    with Serve(base, '--watchdog', '2000') as s:
        s.ok('run')
        os.kill(children(s.p.pid)[0], signal.SIGSTOP)
        kpid = s.send('a', 'count')
        s.ok('run')
        equal(s.ok('kpResolution', kpid=kpid)['body'], '#1')
        err = s.end()
    want('a worker process ended while it ran vat v1: no answer within 2000 ms' in err, err)
    good(dir.store)


@case
def a_worker_is_started_with_the_store_and_ends_unused(dir):
    base = dir.basedir(a=ANSWERING)
    exits(QUIET, capstan('run', base))
    for kind, count in ('process', 1), ('process:vat', 0), ('local', 0):
        with Serve(dir.store, '--worker', kind) as s:
            s.ok('stats')
            equal(len(children(s.p.pid)), count, kind)
            equal(s.end(), '')


SPINNING = root('spin: k => { for (let i = 0; i < k; i += 1) n += i; return n; }', 'let n = 0;')


@case
def the_limit_of_a_delivery_is_the_stores(dir):
    base = dir.basedir(a=SPINNING)
    stores = []
    for kind in 'local', 'process':
        store = dir / (kind + '.db')
        exits(QUIET, capstan('run', base, '--store', store, '--worker', kind, '--delivery-computrons', '100000'))
        prints(['499500'], capstan('call', '--worker', kind, store, 'a', 'spin', '1000'))
        said = exits(QUIET, capstan('run', base, '--store', store, '--delivery-computrons', '90000'))
        want('was made with 100000 computrons a delivery, and goes on with that' in said.err, said)
        exits(QUIET, capstan('run', base, '--store', store, '--delivery-computrons', '100000'))
        want('all syscalls equal' in capstan('replay', store, 'a', '--worker', kind).out)
        ended = exits(REJECTED, capstan('call', '--worker', kind, store, 'a', 'spin', '100000'))
        want('computron limit exceeded' in ended.err, ended)
        refused(REJECTED, 'terminated', capstan('replay', store, 'a', '--worker', kind))
        good(store)
        stores.append(state(store))
    same_state(stores[0], stores[1], 'a limit')


METERED = root('''
  async bootstrap(vats, devices) {
    const service = await E(vats.vatAdmin).createVatAdminService(devices.vatAdmin);
    const cap = await E(service).getNamedBundleCap('spinning');
    for (const remaining of [90000n, 400000n]) {
      const meter = await E(service).createMeter(remaining, 0n);
      const { root } = await E(service).createVat(cap, { meter, suspendOnUnderflow: true });
      E(root).spin(100000).catch(e => powers.testLog(`${remaining}: ${e.message}`));
    }
  }''')


@case
def a_meter_and_the_limit_of_a_delivery_are_told_apart(dir):
    """The worker stops both vats at the limit; the first one's meter had less than that in it."""
    dir.basedir(METERED, a=SPINNING)
    config = dir.file('config.json', json.dumps({
        'bootstrap': 'bootstrap', 'bundles': {'spinning': {'sourceSpec': './vat-a.js'}},
        'vats': {'bootstrap': {'sourceSpec': './bootstrap.js'}}}))
    prints(['400000: vat terminated'],
           capstan('run', config, '--delivery-computrons', '100000', '--cleanup', '0'))
    equal([v['status'] for v in dump(dir.store)['vats'] if not v['static']], ['suspended', 'terminated'])
    good(dir.store)


@case
def other_verbs_choose_workers_too(dir):
    base = dir.basedir(BUSY, a=ANSWERING)
    exits(QUIET, capstan('run', base))
    options = [('--worker', 'local'), ('--worker', 'process:2', '--watchdog', '20000')]
    for o in options:
        want('rounds' in exits(QUIET, capstan('gc', dir.store, *o)).out)
        want('all syscalls equal' in exits(QUIET, capstan('replay', dir.store, 'a', *o)).out)
    for verb in ['run', base], ['serve', base], ['gc', dir.store], ['replay', dir.store, 'a']:
        refused(USAGE, "'thread' is no worker kind", capstan(*verb, '--worker', 'thread'))
        for bad in '0', '-1', 'x', '', '2147483648':
            refused(USAGE, "--watchdog takes milliseconds, not '%s'" % bad, capstan(*verb, '--watchdog', bad))
        refused(USAGE, "a value is missing after '--watchdog'", capstan(*verb, '--watchdog'))
    for verb in ['run', base, '--reset'], ['serve', base]:
        for bad in '0', '-1', 'x', '1e6':
            refused(USAGE, '--delivery-computrons takes a number', capstan(*verb, '--delivery-computrons', bad))
        for bad in '1', '9999', '100000001':
            refused(USAGE, 'a delivery may take 10000 to 100000000 computrons',
                    capstan(*verb, '--delivery-computrons', bad))
    for verb in ['gc', dir.store], ['replay', dir.store, 'a']:
        refused(USAGE, 'unknown option', capstan(*verb, '--delivery-computrons', '100000'))
    good(dir.store)


@case
def groups_share_a_worker(dir):
    dir.basedir(a=ANSWERING, b=ANSWERING, c=ANSWERING)
    options = {'a': {'workerGroup': 'one'}, 'b': {'workerGroup': 'one'}, 'c': {'managerType': 'local'}}
    config = dir.file('config.json', json.dumps({'vats': {
        name: {'sourceSpec': './vat-%s.js' % name, 'creationOptions': o}
        for name, o in options.items()}}))
    with Serve(config) as s:
        s.ok('run')
        equal(len(children(s.p.pid)), 2, 'the pool, and the group')
        s.end()


@case
def external_vats(dir):
    base = dir / 'external'
    shutil.copytree(os.path.join(SOURCE, 'examples/external'), base,
                    ignore=shutil.ignore_patterns('capstan.db*'))
    config, store = os.path.join(base, 'config.json'), os.path.join(base, 'capstan.db')
    prints(['Ada has 30', 'Ada has 42', 'refused: Bob has only 0', 'no such method',
            'ledger: told about Ada', 'told that Ada has 42'], capstan('run', config))
    prints(['50'], capstan('call', store, 'ledger', 'add', '"Ada"', '8'))
    prints(['50'], capstan('call', store, 'ledger', 'balance', '"Ada"'))
    exits(REJECTED, capstan('call', store, 'ledger', 'add', '"Ada"', '-51'))
    good(store)
    exits(QUIET, capstan('replay', store, 'ledger'))


@case
def external_vats_that_misbehave_end_alone(dir):
    head = "import json, sys\n" \
           "def say(**m): print(json.dumps(m), flush=True)\n" \
           "for line in sys.stdin:\n" \
           "    m = json.loads(line); n = m['serial']\n" \
           "    if m['type'] == 'hello': say(type='ready', serial=n, version=1)\n" \
           "    elif m['type'] == 'load': say(type='loaded', serial=n)\n" \
           "    elif m['delivery'][0] != 'message': say(type='reply', serial=n, syscalls=[])\n" \
           "    else: "
    for name, act in {
            'ends': 'sys.exit(3)', 'babbles': 'print("what?", flush=True)',
            'answers-another': 'say(type="reply", serial=n + 1, syscalls=[])',
            'adds': 'say(type="reply", serial=n, syscalls=[], more=1)'}.items():
        sub = dir.sub(name)
        sub.file('x.py', head + act + '\n')
        r = exits(REJECTED, capstan('run', external(sub, 'python3', 'x.py')))
        equal(r.err.count('a worker process ended while it ran vat v2'), 2, name, r)
        want('vat killed its worker' in r.err and 'vat terminated' in r.err, name, r)
        good(sub.store)
    for name, act in {
            'fails': 'say(type="reply", serial=n, syscalls=[], error="out of order")',
            'lies': 'say(type="reply", serial=n, syscalls=[["subscribe", "p-99"]])'}.items():
        sub = dir.sub(name)
        sub.file('x.py', head + act + '\n')
        r = exits(REJECTED, capstan('run', external(sub, 'python3', 'x.py')))
        want('vat terminated' in r.err and 'worker process ended' not in r.err, name, r)
        good(sub.store)


@case
def external_programs_that_do_not_start(dir):
    refused(MACHINE, ['./nothing', 'could not be started'],
            capstan('run', external(dir.sub('a'), './nothing')))
    refused(MACHINE, ['did not start', 'exit 1'], capstan('run', external(dir.sub('b'), 'false')))


@case
def where_a_vat_runs_is_checked(dir):
    dir.basedir(a=ANSWERING)
    for options, says in [
            ({'managerType': 'thread'}, "'managerType' in vats.a.creationOptions must be"),
            ({'managerType': 5}, "'managerType' in"),
            ({'workerGroup': ''}, "'workerGroup' in vats.a.creationOptions must be a name"),
            ({'workerGroup': 'x' * 200}, "'workerGroup' in"),
            ({'command': ['x']}, "'command' in vats.a.creationOptions is for managerType"),
            ({'managerType': 'external'}, "'command' in vats.a.creationOptions must be a list"),
            ({'managerType': 'external', 'command': 'x'}, "'command' in"),
            ({'managerType': 'external', 'command': []}, "'command' in"),
            ({'managerType': 'external', 'command': ['x', 5]}, "'command' in")]:
        config = dir.file('config.json', json.dumps({'vats': {
            'a': {'sourceSpec': './vat-a.js', 'creationOptions': options}}}))
        refused(USAGE, says, capstan('run', config))
        want(not os.path.exists(dir.store), 'a store was made')


@case
def a_sandbox_can_be_insisted_on(dir):
    base = dir.basedir(a=ANSWERING)
    r = capstan('run', base, '--require-sandbox')
    if r.code == MACHINE and 'cannot be sandboxed here' in r.err:
        raise Skip(r.err.strip())
    exits(QUIET, r)
    r = exits(QUIET, capstan('call', '--require-sandbox', dir.store, 'a', 'count'))


main()
