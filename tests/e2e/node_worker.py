#!/usr/bin/env python3
"""Vats on Node with the published liveslots (managerType node-subprocess): every example makes the same
syscalls there as on XS, goes on after a restart, and what is wrong is said. Prints TAP, 1..N."""
import glob
import functools
import json
import os
import shutil
import subprocess

from e2e import *

EXAMPLES = os.path.join(SOURCE, 'examples')


NODE_MIN = 20  # Debian 12 has 18, for which the packages are not made


def needs_node(run):
    @functools.wraps(run)
    def checked(dir):
        node = shutil.which('node')
        version = subprocess.run([node, '--version'], capture_output=True, text=True).stdout if node else 'none'
        if not node or int(version[1:].split('.')[0]) < NODE_MIN:
            raise Skip('needs node %d, this is %s' % (NODE_MIN, version.strip()))
        if not os.path.exists(os.path.join(SOURCE, 'js', 'node-worker', 'node_modules')):
            raise Skip('js/node-worker has no node_modules: its npm packages were never fetched')
        run(dir)
    return checked


def config_of(example, kind):
    """The basedir as a configuration whose vats all are of one kind; nothing is ever reaped."""
    sources = {os.path.basename(s)[4:-3]: s for s in glob.glob(os.path.join(example, 'vat-*.js'))}
    sources['bootstrap'] = os.path.join(example, 'bootstrap.js')
    return {
        'bootstrap': 'bootstrap', 'defaultReapInterval': 'never', 'defaultReapGCKrefs': 'never',
        'vats': {name: {'sourceSpec': os.path.abspath(source), 'creationOptions': {'managerType': kind}}
                 for name, source in sources.items()}}


def history(store):
    """Vat -> its deliveries with their syscalls, but for the vatstore: baggage of XS vats is not there."""
    vats = {}
    r = exits(QUIET, capstan('log', store, '--json'))
    for entry in map(json.loads, r.out.splitlines()):
        syscalls = [s for s in entry['syscalls'] if not s[0].startswith('vatstore')]
        vats.setdefault(entry['vatID'], []).append([entry['vd'], syscalls, entry['dr'][0]])
    return vats


def runs(dir, example, kind):
    config = dir.file(kind + '.json', json.dumps(config_of(example, kind)))
    store = dir / (kind + '.db')
    r = exits(QUIET, capstan('run', config, '--store', store, '--gc', 'batched', '--json'))
    good(store)
    return json.loads(r.out.splitlines()[-1]), history(store)


def same_on_both(dir, name):
    example = os.path.join(EXAMPLES, name)
    (xs, xs_history), (node, node_history) = (runs(dir, example, kind)
                                              for kind in ('local', 'node-subprocess'))
    want(xs['log'], 'the example says nothing')
    equal(node['log'], xs['log'])
    equal(node['bootstrap'], xs['bootstrap'])
    equal(sorted(node_history), sorted(xs_history))
    for vat, deliveries in xs_history.items():
        for n, delivery in enumerate(deliveries):
            equal(node_history[vat][n], delivery, '%s delivery %d' % (vat, n))
        equal(len(node_history[vat]), len(deliveries), vat)


@case
@needs_node
def hello_is_the_same(dir):
    same_on_both(dir, 'hello')


@case
@needs_node
def purse_is_the_same(dir):
    same_on_both(dir, 'purse')


@case
@needs_node
def pipeline_is_the_same(dir):
    same_on_both(dir, 'pipeline')


def with_x(dir):
    return dir.file('config.json', json.dumps({
        'bootstrap': 'bootstrap', 'vats': {
            'bootstrap': {'sourceSpec': './bootstrap.js'},
            'x': {'sourceSpec': './vat-x.js', 'creationOptions': {'managerType': 'node-subprocess'}}}}))


@case
@needs_node
def a_vat_goes_on_where_it_was(dir):
    dir.basedir(root('bootstrap: async vats => E(vats.x).count()'),
                x='let n = 0; ' + root('count: () => { n += 1; console.log(n); return n; }'))
    exits(QUIET, capstan('run', with_x(dir)))
    prints(['2'], capstan('call', dir.store, 'x', 'count'))
    r = exits(QUIET, capstan('replay', dir.store, 'x'))
    want('all syscalls equal' in r.out, r)
    good(dir.store)


@case
@needs_node
def what_the_vat_does_wrong_ends_only_the_vat(dir):
    dir.basedir(root('bootstrap: async vats => `${await E(vats.x).go().catch(e => e.message)}`'),
                x='throw Error("no good");')
    r = exits(QUIET, capstan('run', with_x(dir), '--json'))
    want('no good' in r.err, r)
    equal(json.loads(r.out.splitlines()[-1])['bootstrap']['value']['body'], '#"vat terminated"')
    good(dir.store)


main()
