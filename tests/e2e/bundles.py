#!/usr/bin/env python3
"""Bundles that are installed while the store lives. Prints TAP, 1..N."""
import base64
import hashlib
import io
import json
import os
import zipfile

from e2e import *

PLUGIN = root("greet: who => `${who}, I am %s`")
# Waits for each bundle whose id it is given, and makes a vat of it when it is there.
WAITS = root('''
  async bootstrap(vats, devices) {
    const vatAdmin = await E(vats.vatAdmin).createVatAdminService(devices.vatAdmin);
    service = vatAdmin;
    for (const id of parameters.argv) {
      E.when(E(vatAdmin).waitForBundleCap(id), async cap => {
        const { root } = await E(vatAdmin).createVat(cap, { name: 'plugin' });
        powers.testLog(await E(root).greet('waited'));
      });
    }
  },
  get: id => E.when(E(service).getBundleCap(id), () => 'there', e => e.message),
  nameOf: name => E(service).getBundleIDByName(name),
  async byName(name) {
    const { root } = await E(service).createVatByName(name);
    return E(root).greet('named');
  }''', 'let service;')
HEAD = "import { E, Far } from '@endo/far';\nimport { makePromiseKit } from '@endo/promise-kit';\n" \
       'const use = [E, Far, makePromiseKit];'


def source(dir, name, text):
    return dir.file(name, HEAD + PLUGIN % text)


def endo_zip(text):
    """What bundle-source makes of a plain module; and its id."""
    files = {'far/index.js': 'export const Far = 0;\n',
             'plugin/plugin.js': "import { Far } from '@endo/far';" + PLUGIN % text}
    sha512 = {name: hashlib.sha512(files[name].encode()).hexdigest() for name in files}

    def compartment(name, file, more):
        modules = {'./' + file: {'location': file, 'parser': 'mjs', 'sha512': sha512[name + '/' + file]}}
        return {'name': name, 'label': name, 'location': name, 'modules': {**modules, **more}}

    far = {'@endo/far': {'compartment': 'far', 'module': './index.js'}}
    compartments = {'far': compartment('far', 'index.js', {}),
                    'plugin': compartment('plugin', 'plugin.js', far)}
    compartment_map = json.dumps({'tags': [], 'compartments': compartments,
                                  'entry': {'compartment': 'plugin', 'module': './plugin.js'}})
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w') as z:
        z.writestr('compartment-map.json', compartment_map)
        for name in files:
            z.writestr(name, files[name])
    sha512 = hashlib.sha512(compartment_map.encode()).hexdigest()
    return {'moduleFormat': 'endoZipBase64', 'endoZipBase64': base64.b64encode(out.getvalue()).decode(),
            'endoZipBase64Sha512': sha512}, 'b1-' + sha512


def install(*args):
    """Gives the id."""
    r = exits(QUIET, capstan('install', *args))
    lines = r.out.splitlines()
    want(len(lines) == 1 and r.err == '', r)
    return lines[0]


def waiting(dir, *ids):
    """A store, quiet, in which somebody waits for these bundles."""
    base = dir.basedir(WAITS)
    prints([], capstan('run', base, '--', *ids))
    return base


@case
def who_waits_is_told_after_a_restart(dir):
    bundle, id = endo_zip('zip')
    base = waiting(dir, id)
    prints(['"bundleID not yet installed: %s"' % id], capstan('call', dir.store, 'bootstrap', 'get', json.dumps(id)))
    equal(install(dir.store, dir.file('plugin.json', json.dumps(bundle))), id)
    good(dir.store)
    prints(['waited, I am zip'], capstan('run', base))
    prints(['"there"'], capstan('call', dir.store, 'bootstrap', 'get', json.dumps(id)))
    good(dir.store)
    for vat in dump(dir.store)['vats']:
        exits(QUIET, capstan('replay', dir.store, vat['id']))


@case
def the_same_again_changes_nothing(dir):
    bundle, id = endo_zip('zip')
    base = waiting(dir, id)
    file = dir.file('plugin.json', json.dumps(bundle))
    equal(install(dir.store, file, '--name', 'plugin'), id)
    before = state(dir.store)
    for args in [file], [file, '--name', 'plugin'], ['--id', id, file]:
        equal(install(dir.store, *args), id)
    same_state(state(dir.store), before)
    prints(['waited, I am zip'], capstan('run', base))
    prints([], capstan('run', base))


@case
def a_source_is_bundled(dir):
    base = waiting(dir)
    file = source(dir, 'plugin.js', 'source')
    id = install(dir.store, file, '--name', 'plugin')
    want(id.startswith('c1-') and len(id) == 67, id)
    equal(install(dir.store, file), id, 'the same source has the same id')
    prints(['"named, I am source"'], capstan('call', dir.store, 'bootstrap', 'byName', '"plugin"'))
    source(dir, 'plugin.js', 'newer')
    newer = install(dir.store, file)
    want(newer != id, newer)
    refused(USAGE, ["'plugin' is taken", id], capstan('install', dir.store, file, '--name', 'plugin'))
    equal(install(dir.store, file, '--name', 'newer'), newer)
    prints(['"named, I am newer"'], capstan('call', dir.store, 'bootstrap', 'byName', '"newer"'))
    prints([json.dumps(id)], capstan('call', dir.store, 'bootstrap', 'nameOf', '"plugin"'))
    good(dir.store)
    # The code of a vat of the configuration is a bundle like others.
    exits(QUIET, capstan('install', dir.store, dir / 'bootstrap.js'))
    good(dir.store)
    prints([], capstan('run', base))


@case
def nothing_is_lost_by_kill_9(dir):
    """Before the commit it is as if nothing had been asked, after it all of it is there."""
    bundle, id = endo_zip('zip')
    base = waiting(dir, id)
    before = state(dir.store)
    for commits in False, True:
        with Serve(dir.store) as s:
            equal(s.ok('installBundle', bundle=bundle, name='plugin'), {'id': id})
            if commits:
                s.ok('commit')
            s.p.kill()
            s.p.wait()
        if not commits:
            same_state(state(dir.store), before)
            prints([], capstan('run', base))
    good(dir.store)
    with Serve(dir.store) as s: # told, but not yet used
        s.ok('run', maxCranks=1)
        s.p.kill()
        s.p.wait()
    prints(['waited, I am zip'], capstan('run', base))
    good(dir.store)


@case
def what_is_no_bundle_is_refused(dir):
    bundle, id = endo_zip('zip')
    waiting(dir)
    before = state(dir.store)

    def bad(says, text, *args, name='bad.json'):
        file = dir.file(name, text if isinstance(text, (str, bytes)) else json.dumps(text))
        refused(USAGE, says, capstan('install', dir.store, file, *args))

    bad('bad.json:1: not JSON', '')
    bad('not JSON', '{"moduleFormat":')
    bad('"moduleFormat" is missing', '[]')
    bad('"moduleFormat" is missing', {})
    bad('bundle', {'moduleFormat': 'wishful'})
    bad('"endoZipBase64" is missing', {'moduleFormat': 'endoZipBase64'})
    bad('is not base64', {**bundle, 'endoZipBase64': '?'})
    bad('not a zip file', {**bundle, 'endoZipBase64': 'AAAA'})
    bad('does not have the SHA-512', {**bundle, 'endoZipBase64Sha512': '0' * 128})
    bad("the bundle's id is %s, not b1-0" % id, bundle, '--id', 'b1-0')
    bad('bad.js:1', 'export const = 5;', name='bad.js')
    bad('absent.js', "import './absent.js';", name='bad.js')
    for name in 'two words', '', 'x' * 200:
        bad("a bundle's name is", bundle, '--name', name)
    refused(USAGE, 'absent.json: No such file', capstan('install', dir.store, dir / 'absent.json'))
    refused(USAGE, dir.path, capstan('install', dir.store, dir.path))
    with open(dir / 'huge.json', 'wb') as f:
        f.truncate(65 << 20)
    refused(USAGE, 'larger than 67108864 bytes', capstan('install', dir.store, dir / 'huge.json'))
    os.unlink(dir / 'huge.json')
    refused(USAGE, 'none.db', capstan('install', dir / 'none.db', dir / 'bad.json'))
    same_state(state(dir.store), before)
    equal(install(dir.store, dir.file('good.json', json.dumps(bundle))), id)


@case
def serve_installs_and_refuses(dir):
    bundle, id = endo_zip('zip')
    base = waiting(dir, id)
    with Serve(base) as s:
        s.refuses('USAGE', 'one of path and json', 'installBundle')
        s.refuses('USAGE', 'one of path and json', 'installBundle', path='x', bundle=bundle)
        s.refuses('USAGE', 'are strings', 'installBundle', path=5)
        s.refuses('USAGE', 'are strings', 'installBundle', bundle=bundle, bundleID=5)
        s.refuses('USAGE', 'are strings', 'installBundle', bundle=bundle, name=5)
        s.refuses('CONFIG', 'not JSON', 'installBundle', path=dir.file('x.json', '?'))
        s.refuses('CONFIG', 'moduleFormat', 'installBundle', bundle={})
        s.refuses('CONFIG', 'not b1-1', 'installBundle', bundle=bundle, bundleID='b1-1')
        s.refuses('NOT_FOUND', 'nowhere', 'installBundle', path=dir / 'nowhere')
        s.ok('run')
        equal(s.ok('log'), [])
        equal(s.ok('installBundle', bundle=bundle, name='zip'), {'id': id})
        s.refuses('USAGE', 'is taken', 'installBundle', path=source(dir, 'other.js', 'x'), name='zip')
        s.ok('run')
        equal(s.ok('log'), ['waited, I am zip'])
        s.end()
    good(dir.store)


main()
