"""What the end-to-end tests share: programs in fresh folders, the capstan under test, TAP.

    from e2e import *

    @case
    def a_text_file_is_no_store(dir):
        refused(5, 'not a Capstan store', capstan('verify', dir.file('x', 'hello')))

    main()

Each case gets a folder of its own and a name from its function. It fails by an exception. T_FILTER=word
runs only the cases whose name contains the word; T_SEED=n fixes what is random.
"""
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True

SOURCE = os.environ.get('CAPSTAN_SOURCE') or os.path.dirname(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CAPSTAN = os.environ.get('CAPSTAN') or os.path.join(SOURCE, 'build/release/src/cli/capstan')
TIMEOUT = 200
QUIET, REJECTED, USAGE, PANIC, STOPPED, MACHINE = range(6)

cases = []


class Skip(Exception):
    pass


def case(run):
    cases.append(run)
    return run


def of_ours(err):
    """stderr without what depends on the machine: that its sandbox lacks something, and what the leak check
    of a killed capstan says when it outlives it for a moment."""
    return ''.join(l for l in err.splitlines(True) if 'Unable to get registers' not in l and
                   not l.startswith('capstan: the sandbox of worker processes has no'))


class Result:
    def __init__(self, code, out, err, args):
        self.code, self.out, self.err, self.args = code, out, err, args

    def __str__(self):
        return 'capstan %s\nexit %s\n--- stdout\n%s\n--- stderr\n%s' % (
            ' '.join(self.args)[:500], self.code, self.out[-3000:], self.err[-3000:])


def capstan(*args, cwd=None, stdin='', before=None, env=None, keep_signals=True):
    """Runs the program to its end. `before` is called in the child, as for limits."""
    try:
        p = subprocess.run([CAPSTAN] + [str(a) for a in args], cwd=cwd, input=stdin, text=True,
                           errors='surrogateescape', stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           timeout=TIMEOUT, preexec_fn=before, env=env, restore_signals=keep_signals)
    except subprocess.TimeoutExpired:
        raise AssertionError('capstan %s: no end after %d s' % (' '.join(map(str, args)), TIMEOUT)) \
            from None
    return Result(p.returncode, p.stdout, of_ours(p.stderr), [str(a) for a in args])


def want(condition, *what):
    if not condition:
        raise AssertionError('\n'.join(str(w) for w in what) or 'not so')


def equal(have, wanted, *what):
    if have != wanted:
        raise AssertionError('have   %s\nwanted %s\n%s' % (
            str(have)[:3000], str(wanted)[:3000], '\n'.join(str(w) for w in what)))


def exits(code, result):
    want(result.code == code, 'exit %s, not %s' % (result.code, code), result)
    return result


def prints(lines, result, code=QUIET):
    """Exactly these lines on stdout."""
    exits(code, result)
    equal(result.out.splitlines(), lines, result)
    return result


def refused(code, says, result):
    """The exit code, nothing on stdout, and one line on stderr that says so."""
    exits(code, result)
    lines = result.err.splitlines()
    want(len(lines) == 1 and lines[0].startswith('capstan: '), 'not one line of ours', result)
    want(len(lines[0]) < 1200, 'a very long line', result)
    want(result.out == '', 'something on stdout', result)
    for word in [says] if isinstance(says, str) else says:
        want(word in lines[0], 'nothing about %r' % word, result)
    return result


class Folder:
    """A folder of a test."""

    def __init__(self, path):
        self.path = path

    def __truediv__(self, name):
        return os.path.join(self.path, name)

    def file(self, name, text):
        path = self / name
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb' if isinstance(text, bytes) else 'w') as f:
            f.write(text)
        return path

    def sub(self, name):
        os.makedirs(self / name, exist_ok=True)
        return Folder(self / name)

    def basedir(self, bootstrap=None, **vats):
        """A basedir of sources that import nothing themselves; E, Far and makePromiseKit are there."""
        head = "import { E, Far } from '@endo/far'; import { makePromiseKit } from " \
               "'@endo/promise-kit';\nconst use = [E, Far, makePromiseKit];"
        if bootstrap is not None:
            self.file('bootstrap.js', head + bootstrap)
        for name, source in vats.items():
            self.file('vat-%s.js' % name.replace('_', '-'), head + source)
        return self.path

    @property
    def store(self):
        return self / 'capstan.db'


def root(methods, before=''):
    """A vat whose root has these methods."""
    return "\nexport const buildRootObject = (powers, parameters, baggage) => {%s\n" \
           "return Far('root', { %s }); };\n" % (before, methods)


# A vat that answers, for tests that are about something else.
ANSWERING = root('''
  ping: i => i,
  echo: (...args) => args,
  count: () => { n += 1; return n; },
  object: () => Far('thing', { hi: () => 'hi' }),
  fail: text => { throw Error(text); },
  reject: value => Promise.reject(value),
  never: () => new Promise(() => {}),
  say: text => powers.testLog(text)''', 'let n = 0;')
# Sends some messages, so that every table of the store has rows.
BUSY = root('''
  async bootstrap(vats) {
    const got = [];
    for (let i = 0; i < 20; i += 1) {
      got.push(await E(vats.a).count());
      const thing = E(vats.a).object();
      powers.testLog(`${await E(thing).hi()} ${i}`);
      kept.push(await thing, E(vats.a).never());
    }
    return got;
  }''', 'const kept = [];')


def busy(dir):
    """A store with something of everything in it, quiet."""
    base = dir.basedir(BUSY, a=ANSWERING)
    prints(['hi %d' % i for i in range(20)], capstan('run', base))
    return dir.store


def dump(store):
    r = exits(QUIET, capstan('dump', store, '--json'))
    return json.loads(r.out)


def log(store):
    return exits(QUIET, capstan('log', store, '--json')).out


def good(store):
    """verify has nothing to say."""
    prints(['ok'], capstan('verify', store))


def state(store):
    """Everything that must be equal if two stores are to be the same."""
    return dump(store), log(store)


def same_state(have, wanted, *what):
    for key in wanted[0]:
        equal(have[0].get(key), wanted[0][key], 'in the dump: ' + key, *what)
    equal(have[1], wanted[1], 'transcripts', *what)


def run_json(*args, code=QUIET, **how):
    r = exits(code, capstan('run', '--json', *args, **how))
    return json.loads(r.out)


OF_PROCESS = ['collections', 'deadReferences', 'deadPerCollectionMax', 'collectionPauseP50Us',
              'collectionPauseP99Us', 'collectionPauseMaxUs']


def stored(stats):
    """What of the statistics is the store's: without the figures of the process that was asked."""
    equal(list(stats)[-len(OF_PROCESS):], OF_PROCESS)
    return {key: value for key, value in stats.items() if key not in OF_PROCESS}


def copy_store(store, to):
    for end in '', '-wal', '-shm':
        if os.path.exists(to + end):
            os.unlink(to + end)
        if os.path.exists(store + end):
            shutil.copyfile(store + end, to + end)
    return to


def seed():
    """What T_SEED says, else fresh; printed, so that a failure can be had again."""
    n = int(os.environ.get('T_SEED') or random.SystemRandom().randrange(1 << 32))
    print('# T_SEED=%d' % n)
    return random.Random(n)


class Serve:
    """capstan serve, and its conversation."""

    def __init__(self, *args, env=None):
        self.args = args
        self.p = subprocess.Popen([CAPSTAN, 'serve'] + [str(a) for a in args], text=True,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, env=env)
        self.id = 0

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.p.poll() is None:
            self.p.kill()
        self.p.wait()
        for f in self.p.stdin, self.p.stdout, self.p.stderr:
            f.close()

    def line(self, text):
        """One line there, one line back."""
        self.p.stdin.write(text + '\n')
        self.p.stdin.flush()
        answer = self.p.stdout.readline()
        want(answer, 'no answer to ' + text[:200], self.p.stderr.read() if not answer else '')
        return json.loads(answer)

    def ask(self, cmd, **request):
        self.id += 1
        answer = self.line(json.dumps(dict(request, id=self.id, cmd=cmd)))
        equal(answer['id'], self.id)
        want(('ok' in answer) != ('error' in answer) and len(answer) == 2, answer)
        return answer

    def ok(self, cmd, **request):
        answer = self.ask(cmd, **request)
        want('ok' in answer, cmd, answer)
        return answer['ok']

    def refuses(self, code, says, cmd, **request):
        answer = self.ask(cmd, **request)
        want('error' in answer, cmd, answer)
        equal(sorted(answer['error']), ['code', 'text'])
        equal(answer['error']['code'], code, answer)
        want(says in answer['error']['text'], 'nothing about %r' % says, answer)

    def send(self, vat, method, *args):
        return self.ok('queueToVatRoot', vat=vat, method=method, args=list(args))['kpid']

    def end(self, code=QUIET):
        """End of input; gives stderr."""
        out, err = self.p.communicate(timeout=TIMEOUT)
        equal(self.p.returncode, code, err)
        return of_ours(err)


def main():
    word, failed = os.environ.get('T_FILTER', ''), 0
    sys.stdout.reconfigure(line_buffering=True, errors='backslashreplace')
    if not os.access(CAPSTAN, os.X_OK):
        sys.exit('there is no %s: set CAPSTAN' % CAPSTAN)
    chosen = [c for c in cases if word in c.__name__]
    print('1..%d' % len(chosen))
    for n, run in enumerate(chosen, 1):
        path, end, started = tempfile.mkdtemp(prefix='capstan-e2e-'), '', time.monotonic()
        try:
            run(Folder(path))
            result = 'ok'
        except Skip as skip:
            result, end = 'ok', ' # SKIP %s' % skip
        except Exception as problem:  # whatever it is, the other cases run
            result, failed = 'not ok', failed + 1
            where = traceback.extract_tb(problem.__traceback__)
            lines = ['%s:%d' % (os.path.basename(f.filename), f.lineno) for f in where[1:]]
            text = '%s: %s' % (type(problem).__name__, problem)
            print('\n'.join('# ' + l for l in [' > '.join(lines)] + text.splitlines()))
        print('%s %d - %s%s' % (result, n, run.__name__, end))
        if os.environ.get('T_TIMES'):
            print('# %.2f s' % (time.monotonic() - started))
        subprocess.run(['chmod', '-R', 'u+rwX', path], check=False)
        shutil.rmtree(path, ignore_errors=True)
    sys.exit(1 if failed else 0)
