"""What the tests of garbage collection share: the programs of tests/fixtures/gc, and a form of the final
tables that does not depend on when something was collected.

What may differ between two runs of one program that collect at different moments:

- the number of cranks and deliveries, hence hashes, and statistics;
- the number of an import, o-N: a vat that dropped a reference and gets it again knows it by a new one;
- the number of an object, koN, and of an export, o+N, that all had forgotten when its maker gave it away
  once more. (A program in which makers keep nothing of what they made has equal koN and o+N: objects get
  them when they are first mentioned, and a vat's sends do not depend on collections.)

Promises are never collected while unsettled, so kpN, p+N and p-N must be equal. All else must be equal too:
which objects are left, who owns and who imports them, both counts, each flag, what is queued. So objects are
called by their labels: every object of these programs answers label(), each vat's root gives what it has by
list(). Both are asked on a copy of the store. An object that only a weak key recognises and that list() does
not give has no label; it counts as '?' with its owner, and the canonical form is still a multiset of rows.
"""
import os
import re

from e2e import *

FIXTURES = os.path.join(SOURCE, 'tests/fixtures/gc')
POLICIES = 'prompt', 'paced', 'batched'


def write_config(dir, name, vats, bootstrap=None, **options):
    """A configuration over the fixtures of `name`: vats is {vat: (file, parameters, creationOptions)}."""
    def vat(file, parameters=None, creation=None):
        spec = {'sourceSpec': os.path.join(FIXTURES, name, file)}
        if parameters:
            spec['parameters'] = parameters
        if creation:
            spec['creationOptions'] = creation
        return spec

    config = dict(options, bootstrap='bootstrap',
                  vats={v: vat(*spec) for v, spec in vats.items()})
    config['vats']['bootstrap'] = vat('bootstrap.js', bootstrap)
    return dir.file('config.json', json.dumps(config))


def collect(store, *args):
    """capstan gc: until nothing changes. Gives how many references that was."""
    r = exits(QUIET, capstan('gc', store, '--json', *args))
    figures = json.loads(r.out)
    return sum(n for key, n in figures.items() if key.endswith(('Dropped', 'Retired')))


def resolutions(s, asked):
    """Runs, then gives each answer, {key: CapData}."""
    s.ok('run')
    return {key: s.ok('kpResolution', kpid=kpid) for key, kpid in asked.items()}


def labels_of(s, krefs):
    answers = resolutions(s, {k: s.ok('queueToVatObject', kref=k, method='label')['kpid']
                              for k in sorted(krefs)})
    return {kref: answer['body'] for kref, answer in answers.items()}


def look(store, labelled=True):
    """The tables, and {kref: label}: asked on a copy."""
    copy = copy_store(store, store + '.copy')
    with Serve(copy) as s:
        tables, labels = s.ok('dump'), {}
        if labelled:
            labels = labels_of(s, {o[0] for o in tables['objects'] if o[2] > 0})
            lists = resolutions(s, {v['id']: s.send(v['id'], 'list') for v in tables['vats']
                                    if v['status'] == 'running'})
            listed = {k for answer in lists.values() for k in answer['slots']}
            labels.update(labels_of(s, listed & {o[0] for o in tables['objects']} - set(labels)))
        s.p.kill()  # nothing of this is kept
    for end in '', '-wal', '-shm':
        if os.path.exists(copy + end):
            os.unlink(copy + end)
    for kref, label in labels.items():
        want(re.fullmatch(r'#"[^"]+"', label), 'no label of', kref, label)
    want(len(set(labels.values())) == len(labels), 'two objects, one label', labels)
    return tables, labels


def canonical(store, exact=False):
    """The final tables; `exact`: krefs must be equal, and what vats call their exports."""
    tables, labels = look(store, not exact)

    def name(kref):
        return kref if exact or not kref.startswith('ko') else labels.get(kref, '?')

    def vref(v):
        return v if v.startswith('p') or (exact and v[1] == '+') else v[:2]

    def slots(value):
        if isinstance(value, dict):
            return {k: [name(s) for s in v] if k == 'slots' else
                    name(v) if k == 'target' else slots(v) for k, v in value.items()}
        return [slots(v) for v in value] if isinstance(value, list) else value

    return {
        'objects': sorted([name(k), *rest] for k, *rest in tables['objects']),
        'clists': sorted([v, name(k), vref(r), flag] for v, k, r, flag in tables['clists']),
        'promises': slots(tables['promises']),
        'queues': slots([tables[q] for q in
                         ('runQueue', 'acceptanceQueue', 'gcActions', 'reapQueue')]),
        'vats': [[v['id'], v['name'], v['status']] for v in tables['vats']],
    }


def same_tables(have, wanted, *what):
    for key in wanted:
        equal(have[key], wanted[key], 'final ' + key, *what)
