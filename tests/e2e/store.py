#!/usr/bin/env python3
"""Stores that are not what they should be, and machines that fail: one line, exit 5 (or 2 for a file
that is no store), and nothing lost. Prints TAP, 1..N."""
import os
import resource
import subprocess

from e2e import *

LOOKS = 'dump', 'verify', 'log'


def bytes_of(path):
    with open(path, 'rb') as f:
        return f.read()


def left_alone(path, run):
    """What is run changes neither the file nor what lies beside it."""
    folder = os.path.dirname(path)
    before = sorted(os.listdir(folder)), bytes_of(path)
    run()
    after = sorted(os.listdir(folder)), bytes_of(path)
    want(after == before, 'the file or its folder changed', before[0], after[0])


def every_verb(dir, store):
    base = dir.sub('base').basedir(a=ANSWERING)
    yield 'run', [base, '--store', store]
    yield 'run', [base, '--store', store, '--reset']
    yield 'call', [store, 'a', 'ping']
    yield 'gc', [store]
    yield 'gc', ['--why', store, 'ko20']
    for verb in LOOKS:
        yield verb, [store]
    yield 'replay', [store, 'v1']
    yield 'serve', [store]


# ---- files of others ----


@case
def a_text_file(dir):
    path = dir.file('notes/text.db', 'Dear diary,\n' * 1000)
    for verb, args in every_verb(dir, path):
        says = 'not JSON' if verb == 'serve' else 'not a Capstan store'
        left_alone(path, lambda: refused(USAGE, says, capstan(verb, *args)))


@case
def an_empty_file_is_filled_by_run_only(dir):
    base = dir.basedir(a=ANSWERING)
    path = dir.file('x/empty.db', '')
    for verb in LOOKS:
        left_alone(path, lambda: refused(USAGE, 'an empty file', capstan(verb, path)))
    exits(QUIET, capstan('run', base, '--store', path))
    good(path)


@case
def a_database_of_others(dir):
    sqlite3 = __import__('sqlite3')
    path = dir.file('x/other.db', '')
    db = sqlite3.connect(path)
    db.executescript('CREATE TABLE vat(a); INSERT INTO vat VALUES(1)')
    db.close()
    for verb, args in every_verb(dir, path):
        left_alone(path, lambda: refused(USAGE, 'not a Capstan store', capstan(verb, *args)))


@case
def a_folder(dir):
    for verb, args in every_verb(dir, dir.sub('x').path):
        refused(USAGE, dir / 'x', capstan(verb, *args))
    equal(os.listdir(dir / 'x'), [])


@case
def a_store_of_a_newer_capstan(dir):
    store = busy(dir)
    with open(store, 'r+b') as f:
        f.seek(60)  # user_version, in the header of an SQLite file
        f.write(bytes([0, 0, 0, 99]))
    for verb, args in every_verb(dir, store):
        if '--reset' not in args:
            left_alone(store, lambda: refused(MACHINE, ['newer', '99'], capstan(verb, *args)))


@case
def a_store_cut_short(dir):
    store = busy(dir)
    whole, wanted = bytes_of(store), state(store)
    for size in 50, 100, 4096, 5000, len(whole) // 2, len(whole) - 1:
        with open(store, 'wb') as f:
            f.write(whole[:size])
        r = capstan('verify', store)
        if r.code == QUIET:
            same_state(state(store), wanted, 'cut at %d' % size)
            continue
        want(r.code in (REJECTED, USAGE, MACHINE) and r.err.startswith('capstan: '), size, r)
        r = capstan('call', store, 'a', 'count')
        want(r.code != QUIET, size, r)


# ---- two at once ----


@case
def a_store_in_use(dir):
    store = busy(dir)
    with Serve(store) as s:
        kp = s.send('a', 'count')
        s.ok('run')
        s.ok('commit')
        before = state(store)  # others may look
        for verb, args in every_verb(dir, store):
            if verb in ('run', 'call', 'serve') or args == [store] and verb == 'gc':
                refused(MACHINE, 'Another Capstan is using this store', capstan(verb, *args))
        r = exits(QUIET, capstan('gc', '--why', store, kp))
        want('the host holds it' in r.out, r)
        same_state(state(store), before)
        good(store)
        equal(s.ok('kpResolution', kpid=kp)['body'], '#21')
        equal(s.ok('kpRelease', kpid=kp), True)
        s.end()
    prints(['22'], capstan('call', store, 'a', 'count'))
    good(store)


@case
def whoever_holds_a_store_may_be_killed(dir):
    store = busy(dir)
    with Serve(store) as s:
        s.send('a', 'count')
        s.ok('run')
        s.send('a', 'count')  # never committed
        s.p.kill()
        s.p.wait()
    good(store)
    prints(['22'], capstan('call', store, 'a', 'count'))


# ---- no room, no rights ----

GROWING = root('''
  async bootstrap(vats) {
    for (let i = 0; i < 300; i += 1) {
      await E(vats.a).echo('x'.repeat(2000 + i));
      powers.testLog(`${i}`);
    }
  }''')
LINES = ['%d' % i for i in range(300)]


def full_disk(dir, where, make_full, make_room):
    """Runs until the disk is full, sees that nothing is lost, makes room, goes on."""
    base = dir.sub('full').basedir(GROWING, a=ANSWERING)
    exits(QUIET, capstan('run', base, '--store', dir / 'whole.db'))
    wanted = state(dir / 'whole.db')
    store = os.path.join(where, 'store.db')
    r = make_full('run', base, '--store', store, '--block', '10')
    exits(MACHINE, r)
    want(len(r.err.splitlines()) == 1 and 'Free some space' in r.err, r)
    want(len(r.out.splitlines()) < 300, r)
    again = make_full('run', base, '--store', store, '--block', '10')
    exits(MACHINE, again)
    make_room()
    good(store)
    last = exits(QUIET, capstan('run', base, '--store', store))
    lines = r.out.splitlines() + again.out.splitlines() + last.out.splitlines()
    equal(sorted(set(lines), key=int), LINES, 'every line was said')
    same_state(state(store), wanted)
    good(store)


@case
def a_file_that_may_not_grow(dir):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (400000, resource.RLIM_INFINITY))
    full_disk(dir, dir.sub('limited').path, lambda *args: capstan(*args, before=limit),
              lambda: None)


@case
def a_full_disk(dir):
    where = dir.sub('disk').path
    if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', where],
                      stderr=subprocess.DEVNULL, check=False).returncode != 0:
        raise Skip('only root can make a small disk')
    try:
        full_disk(dir, where, capstan, lambda: subprocess.run(
            ['mount', '-o', 'remount,size=64m', where], check=True))
    finally:
        subprocess.run(['umount', where], check=True)


@case
def no_room_for_a_new_store(dir):
    base = dir.basedir(a=ANSWERING)
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
    refused(MACHINE, 'Free some space', capstan('run', base, before=limit))
    exits(QUIET, capstan('run', base))
    good(dir.store)


@case
def standard_output_is_full(dir):
    store = busy(dir)
    for verb in LOOKS:
        with open('/dev/full', 'w', encoding='utf-8') as full:
            p = subprocess.run([CAPSTAN, verb, store], stdout=full, stderr=subprocess.PIPE,
                               text=True, check=False)
        equal(p.returncode, MACHINE, verb, p.stderr)
        want('standard output' in p.stderr, verb, p.stderr)


def as_nobody():
    os.setgid(65534)
    os.setuid(65534)


@case
def a_read_only_store(dir):
    store = busy(dir)
    before = state(store)
    os.chmod(dir.path, 0o555)
    for end in '', '-wal', '-shm':
        if os.path.exists(store + end):
            os.chmod(store + end, 0o444)
    how = {}
    if os.geteuid() == 0:
        how['before'] = as_nobody
        try:
            capstan('--version', before=as_nobody)
        except OSError:
            raise Skip('the program cannot be read by others than root') from None
    refused(MACHINE, 'writable', capstan('call', store, 'a', 'count', **how))
    refused(MACHINE, 'writable', capstan('run', dir.path, **how))
    refused(MACHINE, 'writable', capstan('gc', store, **how))
    refused(USAGE, 'there is no ko999', capstan('gc', '--why', store, 'ko999', **how))
    for verb in LOOKS:
        exits(QUIET, capstan(verb, store, **how))
    os.chmod(dir.path, 0o755)
    os.chmod(store, 0o644)
    same_state(state(store), before)


# ---- damage ----


@case
def flipped_bytes_are_noticed(dir):
    """verify tells, or nothing that can be asked differs. tests/unit/test_host_damage.c tries more."""
    rand = seed()
    store = busy(dir)
    wanted, size = state(store), os.path.getsize(store)
    whole, flipped, unseen = bytes_of(store), dir / 'flipped.db', 0
    for _ in range(int(os.environ.get('T_FLIPS', '15'))):
        at, bit = rand.randrange(size), 1 << rand.randrange(8)
        with open(flipped, 'wb') as f:
            f.write(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1:])
        r = capstan('verify', flipped)
        want(r.code in (QUIET, REJECTED, USAGE, MACHINE), 'byte %d ^ %d' % (at, bit), r)
        if r.code == QUIET:
            unseen += 1
            same_state(state(flipped), wanted, 'byte %d ^ %d' % (at, bit))
            prints(['21'], capstan('call', flipped, 'a', 'count'))
        else:
            want(r.err.startswith('capstan: ') and len(r.err.splitlines()) == 1,
                 'byte %d ^ %d' % (at, bit), r)
    print('# %d of the flips change nothing that verify looks at' % unseen)


main()
