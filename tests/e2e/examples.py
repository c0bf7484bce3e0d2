#!/usr/bin/env python3
"""The examples: exact output, then every verb on the stores they leave. Prints TAP, 1..N."""
import json
import os
import shutil

from e2e import *

PURSE = [
    'DONE     Alice pays Bob 30',
    'REFUSED  Alice pays Bob 500, which she does not have: only 70 moola left',
    'REFUSED  Alice pays Bob -5: -5 is not an amount of moola',
    'REFUSED  Alice takes money out through the deposit facet: target has no method "withdraw", '
    'has ["__getMethodNames__","deposit"]',
    'REFUSED  Alice pays with play money: not a live payment of moola',
    'REFUSED  Alice spends one payment twice: not a live payment of moola',
    'REFUSED  Alice makes a payment of her own: not a live payment of moola',
    'Alice has 60, Bob has 60, 120 in all',
]
PIPELINE = [
    'all sent',
    'spokes: 32',
    'label: a bell that rings',
    'no wing: there is no wing on the shelf',
]
HELLO = ['Hello, world! You are number 1.']


def example(dir, name):
    """A copy, so that stores of people who tried it out are left alone."""
    to = dir / name
    shutil.copytree(os.path.join(SOURCE, 'examples', name), to,
                    ignore=shutil.ignore_patterns('capstan.db*'))
    return to, os.path.join(to, 'capstan.db')


def runs_and_resumes(base, store, lines, value):
    r = prints(lines, capstan('run', base))
    equal(r.err, '', 'nothing on stderr', r)
    prints([], capstan('run', base))
    first = run_json(base, '--store', store + '2')
    equal(first['log'], lines)
    equal(first['bootstrap'], {'status': 'fulfilled', 'value': value})
    again = run_json(base, '--store', store + '2')
    equal(again['bootstrap'], first['bootstrap'], 'the second run tells the same')
    equal((again['log'], again['cranks'], again['deliveries']), ([], 0, 0))
    equal(stored(again['stats']), stored(first['stats']))
    same_state(state(store), state(store + '2'))
    everything_is_in_order(store)


def everything_is_in_order(store):
    good(store)
    vats = dump(store)['vats']
    for vat in vats:
        equal(vat['status'], 'running')
        r = exits(QUIET, capstan('replay', store, vat['name']))
        want(r.out.startswith('%d deliveries replayed, all syscalls equal;' % vat['deliveries']), r)
    entries = [json.loads(line) for line in log(store).splitlines()]
    equal(len(entries), sum(v['deliveries'] for v in vats))
    for e in entries:
        equal(sorted(e), ['deliveryNum', 'dr', 'syscalls', 'type', 'vatID', 'vd'])
    for verb in 'dump', 'log':
        r = exits(QUIET, capstan(verb, store))
        want(r.out and not r.err, r)


@case
def hello(dir):
    base, store = example(dir, 'hello')
    runs_and_resumes(base, store, HELLO,
                     {'body': '#"Hello, world! You are number 1."', 'slots': []})
    prints(['"Hello, Ada! You are number 2."'], capstan('call', store, 'greeter', 'greet', '"Ada"'))
    prints(['"Hello, \u00c4da! You are number 3."'],
           capstan('call', store, 'greeter', 'greet', '"\u00c4da"'))
    prints(['3'], capstan('call', store, 'greeter', 'count'))
    everything_is_in_order(store)


@case
def hello_with_arguments(dir):
    base, store = example(dir, 'hello')
    prints(['Hello, Grace! You are number 1.'], capstan('run', base, '--', 'Grace', '--json'))
    prints(['1'], capstan('call', store, 'greeter', 'count'))


@case
def hello_with_reset_begins_anew(dir):
    base, store = example(dir, 'hello')
    prints(HELLO, capstan('run', base))
    before = state(store)
    prints(['1'], capstan('call', store, 'greeter', 'count'))
    prints(HELLO, capstan('run', base, '--reset'))
    same_state(state(store), before)


@case
def hello_in_memory_leaves_nothing(dir):
    base, _ = example(dir, 'hello')
    before = sorted(os.listdir(base))
    prints(HELLO, capstan('run', base, '--store', ':memory:'))
    equal(sorted(os.listdir(base)), before)


@case
def a_changed_source_is_told_and_not_used(dir):
    base, _ = example(dir, 'hello')
    prints(HELLO, capstan('run', base))
    with open(os.path.join(base, 'vat-greeter.js'), 'a', encoding='utf-8') as f:
        f.write('// changed\n')
    r = prints([], capstan('run', base))
    want('vat-greeter.js' in r.err and '--reset' in r.err, r)
    prints([], capstan('run', base))


@case
def a_changed_configuration_is_told_and_not_used(dir):
    base, store = example(dir, 'hello')
    config = os.path.join(base, 'config.json')
    def write(vats):
        with open(config, 'w', encoding='utf-8') as f:
            json.dump({'bootstrap': 'bootstrap', 'vats': {
                v: {'sourceSpec': s} for v, s in vats.items()}}, f)
    vats = {'bootstrap': './bootstrap.js', 'greeter': './vat-greeter.js'}
    write(vats)
    prints(HELLO, capstan('run', config))
    equal(prints([], capstan('run', config)).err, '')
    write(dict(vats, more='./vat-greeter.js'))
    r = prints([], capstan('run', config))
    want('config.json changed' in r.err and '--reset' in r.err and len(r.err.splitlines()) == 1, r)
    equal(len(dump(store)['vats']), 3, 'and vatAdmin')
    write(dict(vats, more='./none.js'))
    r = prints([], capstan('run', config))
    want('none.js' in r.err and 'goes on' in r.err, r)
    write(vats)
    r = prints([], capstan('run', config, '--', 'Ada'))
    want('other arguments' in r.err, r)


@case
def two_configurations_do_not_share_a_store_unasked(dir):
    base, store = example(dir, 'hello')
    config = os.path.join(base, 'config.json')
    with open(config, 'w', encoding='utf-8') as f:
        json.dump({'vats': {'g': {'sourceSpec': './vat-greeter.js'}}}, f)
    prints(HELLO, capstan('run', base))
    before = state(store)
    refused(USAGE, ['was made from a folder', '--store'], capstan('run', config))
    same_state(state(store), before)
    r = prints([], capstan('run', config, '--store', store))
    want('goes on with what it was made from' in r.err, r)
    exits(QUIET, capstan('run', config, '--reset'))
    refused(USAGE, ['was made from config.json', '--store'], capstan('run', base))


@case
def the_shapes_are_those_of_the_documents(dir):
    base, store = example(dir, 'purse')
    first = run_json(base, '--max-cranks', '40', code=STOPPED)
    tables = dump(store)
    equal(list(first), ['bootstrap', 'log', 'cranks', 'deliveries', 'stats'])
    equal(list(tables), ['vats', 'objects', 'promises', 'clists', 'runQueue', 'acceptanceQueue',
                         'gcActions', 'reapQueue', 'meters', 'crankNumber', 'activityHash', 'stats'])
    equal(stored(first['stats']), tables['stats'])
    equal(list(tables['vats'][0]), ['id', 'name', 'static', 'builtin', 'kind', 'incarnation', 'status',
                                    'deliveries', 'transcriptHash'])
    queue = tables['runQueue'] + tables['acceptanceQueue']
    want(queue, 'nothing is queued after 40 cranks')
    shapes = {'send': ['type', 'target', 'msg'], 'notify': ['type', 'vatID', 'kpid'],
              'startVat': ['type', 'vatID', 'vatParameters']}
    for event in queue:
        equal(list(event), shapes[event['type']])
    for p in tables['promises']:
        equal(list(p), ['id', 'state', 'refCount'] + (
            ['decider', 'subscribers', 'queue'] if p['state'] == 'unresolved' else ['data']))
    with open(os.path.join(SOURCE, 'docs/formats.md'), encoding='utf-8') as f:
        text = f.read()
    for key in list(first) + list(tables) + list(tables['vats'][0]):
        want('"%s":' % key in text, 'docs/formats.md has no "%s"' % key)
    for key in list(first['stats']):
        want('`%s`' % key in text, 'docs/formats.md has no `%s`' % key)


@case
def purse(dir):
    base, store = example(dir, 'purse')
    runs_and_resumes(base, store, PURSE, {'body': '#{"alice":"+60","bob":"+60"}', 'slots': []})


@case
def pipeline(dir):
    if not os.path.isdir(os.path.join(SOURCE, 'examples/pipeline/node_modules/@endo/nat')):
        raise Skip('examples/pipeline has no node_modules: its npm package was never fetched')
    base, store = example(dir, 'pipeline')
    runs_and_resumes(base, store, PIPELINE, {'body': '#"+32"', 'slots': []})


@case
def every_bench_case_runs(dir):
    names = [line.split()[0] for line in exits(QUIET, capstan('bench')).out.splitlines()]
    want('ping' in names and 'cold' in names, names)
    for name in names:
        if name == 'cold':
            continue  # some seconds here, and nothing in it that the others have not
        for store in 'disk', 'memory':
            # runaway: a second of looping is enough, and a short watchdog too short for slow builds
            limits = ['--delivery-computrons', '500000', '--watchdog', '2000'] if name == 'runaway' else []
            if limits and store == 'memory':
                continue
            r = exits(QUIET, capstan('bench', name, '--n', '5', '--store', store, '--json', '--dir',
                                     dir.path, *limits))
            figures = json.loads(r.out)
            equal((figures['case'], figures['store'], figures['block']), (name, store, 100))
    equal(os.listdir(dir.path), [], 'left behind')


main()
