#!/usr/bin/env python3
"""kill -9 at any moment of a storm of drops and retires: it goes on, nothing is lost too early, and nothing
is left too much. Prints TAP, 1..N. T_KILLS: how many moments; T_SEED: which."""
import os
import signal
import subprocess
import time

from gc_util import *

KILLS = int(os.environ.get('T_KILLS', '10'))
ROUNDS, OBJECTS, BLOCK = 10, 30, '50'


def write_program(dir):
    return write_config(dir, 'storm', {v: ('trader.js', {'name': v}) for v in 'abc'},
                        {'rounds': ROUNDS, 'objects': OBJECTS})


def killed_after(seconds, *args):
    """Its exit code and output; None: it was killed."""
    p = subprocess.Popen([CAPSTAN] + [str(a) for a in args], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)
    try:
        p.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        p.kill()
    out, err = p.communicate()
    if p.returncode == -signal.SIGKILL:
        equal(of_ours(err), '')
        return None, out
    return p.returncode, out


def removed(store):
    for end in '', '-wal', '-shm':
        if os.path.exists(store + end):
            os.unlink(store + end)


def left(store):
    """The tables when all is collected, and that everything in them that can be reached answers."""
    collect(store)
    good(store)
    _, labels = look(store)
    tables = canonical(store, exact=True)
    equal(sum(o[2] > 0 for o in tables['objects']), len(labels))
    return tables


def add_said(lines, said, out):
    """How many of the lines have been said by now. A run goes on where the last commit was: it may say
    again what was said and not committed, and may leave out nothing."""
    part = [l for l in out.splitlines() if l in lines]
    if not part:
        return said
    first = lines.index(part[0])
    want(first <= said, 'a line that was committed was not said', lines[said:first])
    equal(part, lines[first:first + len(part)])
    return max(said, first + len(part))


@case
def killed_at_any_moment_of_a_storm(dir):
    rand, config = seed(), write_program(dir)
    started = time.monotonic()
    whole = exits(QUIET, capstan('run', config, '--store', dir / 'whole.db', '--block', BLOCK))
    duration, lines = time.monotonic() - started, whole.out.splitlines()
    equal((len(lines), lines[-1]), (ROUNDS + 1, 'done'))
    wanted = left(dir / 'whole.db')
    # One thing of each batch is kept, and the vats' roots; nobody has that of the bootstrap vat.
    equal(len(wanted['objects']), 3 * ROUNDS + 3)

    kills = rounds = in_gc = 0
    while kills < KILLS:
        store, said, in_a_row = dir / ('%d.db' % rounds), 0, 0
        rounds += 1
        code = None
        while code is None:
            at = rand.choice([duration * rand.random(), 0.4 * duration * rand.random()])
            again = kills < KILLS and in_a_row < 8
            code, out = killed_after(at if again else TIMEOUT, 'run', config, '--store', store,
                                     '--block', BLOCK, '--gc', rand.choice(POLICIES))
            said = add_said(lines, said, out)
            kills, in_a_row = kills + (code is None), in_a_row + 1
            if os.path.exists(store) and os.path.getsize(store) > 0 and rand.random() < 0.3:
                r = capstan('verify', store)
                want(r.code == QUIET or 'empty' in r.err or 'holds no vats' in r.err, r)
                if r.code == QUIET and rand.random() < 0.5:
                    in_gc += killed_after(0.3 * duration * rand.random(), 'gc', store)[0] is None
                    good(store)
        equal(code, QUIET, out)
        equal(said, len(lines))
        good(store)
        same_tables(left(store), wanted, 'kill %d, round %d' % (kills, rounds))
        removed(store)
    print('# %d kills in %d runs of %.2f s, and %d of capstan gc' % (kills, rounds, duration, in_gc))


@case
def killed_while_everything_is_collected(dir):
    """Nothing is collected until the end: then 'capstan gc' has all of it to do, and is killed in it."""
    rand, config = seed(), write_program(dir)
    never = {'defaultReapInterval': 'never', 'defaultReapGCKrefs': 'never'}
    with open(config, encoding='utf-8') as f:
        changed = dict(json.load(f), **never)
    dir.file('config.json', json.dumps(changed))
    full = dir / 'full.db'
    exits(QUIET, capstan('run', config, '--store', full, '--gc', 'batched'))
    made = 3 * ROUNDS * OBJECTS
    want(len(dump(full)['objects']) >= made, 'something was collected too early')
    store = copy_store(full, dir / '0.db')
    started = time.monotonic()
    wanted = left(store)
    duration = time.monotonic() - started
    equal(len(wanted['objects']), 3 * ROUNDS + 3)
    for n in range(max(KILLS // 2, 3)):
        store = copy_store(full, dir / 'again.db')
        killed = 0
        while killed < 3 and killed_after(duration * rand.random(), 'gc', store)[0] is None:
            killed += 1
            good(store)
        same_tables(left(store), wanted, 'time %d, killed %d times' % (n, killed))


main()
