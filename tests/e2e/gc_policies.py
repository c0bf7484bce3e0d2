#!/usr/bin/env python3
"""Real vats under every policy, with collections and restarts anywhere: they say the same, and when all is
collected the same is left. Prints TAP, 1..N. T_RUNS: how many programs of random vats; T_SEED: which.

What "the same" means for tables is told in gc_util.py."""
import os

from gc_util import *

RUNS = int(os.environ.get('T_RUNS', '1'))
NEVER = 'never'

# The reference's options, in a configuration and for single vats.
REAPS = [
    ({'defaultReapInterval': NEVER, 'defaultReapGCKrefs': NEVER}, {}),
    ({'defaultReapInterval': 1, 'defaultReapGCKrefs': NEVER}, {}),
    ({'defaultReapInterval': NEVER, 'defaultReapGCKrefs': 1}, {}),
    ({'defaultReapInterval': 7, 'defaultReapGCKrefs': 3}, {}),
    ({}, {}),
    ({'defaultReapInterval': NEVER, 'defaultReapGCKrefs': NEVER},
     {'a': {'reapInterval': 2}, 'b': {'neverReap': True}, 'c': {'reapGCKrefs': 2}}),
    ({'defaultReapInterval': 3},
     {'a': {'neverReap': True}, 'b': {'reapInterval': NEVER, 'reapGCKrefs': NEVER},
      'c': {'reapInterval': 5, 'reapGCKrefs': 1}}),
]

RECOGNIZED = '''\
there: name 1 of thing 0, name 2 of thing 1, name 3 of thing 2, name 4 of thing 3, name 5 of thing 4, \
name 6 of thing 5
through c: name 2 of thing 1, name 3 of thing 2
chain: thing 3 (name 4 of thing 3) > thing 4 (name 5 of thing 4) > thing 5 (name 6 of thing 5)
chain again: thing 3 (name 4 of thing 3) > thing 4 (name 5 of thing 4) > thing 5 (name 6 of thing 5)
left: name 3 of thing 2, name 4 of thing 3, unknown
b has met 6
'''.splitlines()
PROMISED = '''\
one.0 heard first, one.0 heard second
one.0 heard third
two.0 heard late, two.1 heard late, two.2 heard late
b's thing heard hello
no such luck
done
'''.splitlines()


# ---- ways to run a program to its end ----


def whole(store, config, policy):
    """These vats are small: but under batched, all has been collected when nothing is left to do."""
    r = exits(QUIET, capstan('run', config, '--store', store, '--gc', policy))
    good(store)
    if policy != 'batched':
        stats = dump(store)['stats']
        want(stats['importsDropped'] > 2, stats)
        equal((stats['dropsIgnored'], stats['importsMiscounted']), (0, 0))
        equal(collect(store), 0, 'references were left under ' + policy)
    return r.out.splitlines()


def sliced(store, config, rand, longest):
    """A process for each slice, its policy by chance; often everything is collected in between."""
    said = []
    while True:
        r = capstan('run', config, '--store', store, '--gc', rand.choice(POLICIES),
                    '--max-cranks', rand.randint(1, longest))
        said += r.out.splitlines()
        good(store)
        if r.code == QUIET:
            return said
        exits(STOPPED, r)
        if rand.random() < 0.3:
            collect(store, *rand.choice([[], ['a'], ['b'], ['c']]))
            good(store)


def served(store, config, rand, longest):
    """In one process for some time: collections between any two cranks, committed or not."""
    said, quiet = [], False
    while not quiet:
        with Serve(config, '--store', store, '--gc', rand.choice(POLICIES)) as s:
            for _ in range(rand.randint(5, 60)):
                if rand.random() < 0.5:
                    s.ok('reapAllVats')
                quiet = s.ok('run', maxCranks=rand.randint(1, longest))['quiet']
                if quiet:
                    break
            said += s.ok('log')
            s.end()
        good(store)
    return said


def ended(store, exact=False):
    """Collects all; gives the tables."""
    collect(store)
    good(store)
    tables = canonical(store, exact)
    equal(tables['queues'], [[], [], [], []], 'something is left to do')
    return tables


def written(dir, program, lines):
    """A program whose words are known: each policy, batched in several ways, and two walks by chance."""
    rand, tables = seed(), None
    reaps = rand.sample(REAPS, 3) if RUNS == 1 else REAPS
    ways = [(whole, [p], ({}, {})) for p in POLICIES] + [(whole, ['batched'], r) for r in reaps] + [
        (way, [rand, 150], rand.choice(REAPS)) for way in (sliced, served)]
    for n, (way, args, (options, creation)) in enumerate(ways):
        vats = {v: ('vat-%s.js' % v, None, creation.get(v)) for v in 'abc'}
        config = write_config(dir, program, vats, **options)
        said = way(dir / ('%d.db' % n), config, *args)
        what = 'way %d: %s %s, %s %s' % (n, way.__name__, args[0], options, creation)
        equal(said, lines, what)
        have = ended(dir / ('%d.db' % n))
        tables = tables or have
        same_tables(have, tables, what)
    return tables


@case
def keys_of_weak_maps_come_back(dir):
    tables = written(dir, 'recognize', RECOGNIZED)
    # a has things 2 and 6; nobody else has any, b recognises one of them.
    left = {k for k, *_ in tables['objects'] if 'thing' in k}
    equal(left, {'#"thing 2"'}, tables['objects'])
    equal([c[0] for c in tables['clists'] if 'thing' in c[1]], ['v2', 'v3'], tables['clists'])


@case
def promises_hold_what_they_promise(dir):
    tables = written(dir, 'promises', PROMISED)
    left = {k for k, *_ in tables['objects'] if 'root' not in k}
    equal(left, {'#"word for ever"'}, tables['objects'])
    equal([p['state'] for p in tables['promises'] if p['state'] == 'unresolved' and p.get('queue')],
          ['unresolved'], tables['promises'])


def party(dir, seeds, again, options, creation):
    vats = {v: ('party.js', {'name': v, 'seed': seeds[v], 'again': again}, creation.get(v))
            for v in 'abc'}
    return write_config(dir, 'parties', vats, {'rounds': 10, 'steps': 14}, **options)


def all_the_same(dir, again):
    rand = seed()
    for run in range(RUNS):
        lines = tables = None
        seeds = {v: rand.randrange(1 << 31) for v in 'abc'}
        ways = [(whole, [p]) for p in POLICIES] + [(whole, ['batched'])] + [
            (way, [rand, 250]) for way in (sliced, sliced, served)]
        for n, (way, args) in enumerate(ways):
            # Under the first three all has been collected when it is quiet: no vat may be neverReap.
            config = party(dir, seeds, again, *(({}, {}) if n < 3 else rand.choice(REAPS)))
            store = dir / ('%d.%d.db' % (run, n))
            said = way(store, config, *args)
            have = ended(store, exact=not again)
            if n == 0:
                lines, tables = said, have
                want(len(lines) > 40, lines)
            what = 'program %d, way %d, %s' % (run, n, way.__name__)
            equal(said, lines, what)
            same_tables(have, tables, what)


@case
def random_vats_that_give_things_once(dir):
    """Nobody gives away what he made a second time: even the numbers of objects are the same."""
    all_the_same(dir, False)


@case
def random_vats_that_give_things_again(dir):
    all_the_same(dir, True)


main()
