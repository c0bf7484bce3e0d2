#!/usr/bin/env python3
"""Wrong command lines and wrong configurations: one line, exit 2, and nothing is left behind.
Prints TAP, 1..N."""
import json
import os

from e2e import *

VERBS = 'run', 'call', 'install', 'gc', 'dump', 'verify', 'replay', 'log', 'serve', 'bench'


def config(dir, value, name='config.json'):
    return dir.file(name, value if isinstance(value, str) else json.dumps(value))


def refused_config(dir, says, value):
    """Refused by run and by serve; neither leaves a file."""
    path = config(dir, value)
    before = sorted(os.listdir(dir.path))
    for verb in 'run', 'serve':
        refused(USAGE, says, capstan(verb, path))
        equal(sorted(os.listdir(dir.path)), before, 'a file was left behind', says)


# ---- command lines ----


@case
def every_verb_has_help(dir):
    r = exits(QUIET, capstan('--help'))
    for verb in VERBS:
        want('\n  %s ' % verb in r.out, verb, r)
        for line in ([verb, '--help'], [verb, '-h'], ['help', verb]):
            h = exits(QUIET, capstan(*line))
            want('usage: capstan ' + verb in h.out and h.err == '', h)
    r = exits(USAGE, capstan())
    want(r.out == '' and r.err.startswith('usage: capstan VERB'), r)
    for line in '--version', 'version':
        want(exits(QUIET, capstan(line)).out.startswith('capstan 0.'), line)


@case
def unknown_verbs_and_options(dir):
    refused(USAGE, "no verb 'runn'", capstan('runn', '.'))
    refused(USAGE, "no verb ''", capstan(''))
    base = dir.basedir(a=ANSWERING)
    store = dir / 'none.db'
    for verb, args in {'run': [base], 'call': [store], 'install': [store, 'x'], 'gc': [store], 'log': [store], 'replay': [store, 'v1'], 'serve': [base],
                       'bench': ['ping']}.items():
        refused(USAGE, "unknown option '--nonsense'; see 'capstan %s --help'" % verb,
                capstan(verb, '--nonsense', *args))
        refused(USAGE, "unknown option '-x'", capstan(verb, '-x', *args))
    refused(USAGE, "see 'capstan verify --help'", capstan('verify', '--nonsense', store))
    refused(USAGE, "see 'capstan dump --help'", capstan('dump', '--nonsense', store))
    equal(os.listdir(dir.path), ['vat-a.js'])


@case
def missing_and_wrong_arguments(dir):
    base = dir.basedir(a=ANSWERING)
    for verb in 'run', 'call', 'install', 'gc', 'dump', 'verify', 'replay', 'log', 'serve':
        refused(USAGE, "see 'capstan %s --help'" % verb, capstan(verb))
    for verb in 'run', 'install', 'gc', 'dump', 'verify', 'log', 'serve':
        refused(USAGE, "see 'capstan %s --help'" % verb, capstan(verb, base, base, base))
    for option in '--store', '--block', '--max-cranks', '--gc', '--worker':
        refused(USAGE, "a value is missing after '%s'" % option, capstan('run', base, option))
    for option in '--block', '--max-cranks':
        for value in '0', '-1', '1.5', 'many', '', '99999999999999999999999':
            refused(USAGE, option, capstan('run', base, option, value))
    for value in '', 'x', '-1', '1.5', 'exports', 'exports=', 'exports=0', 'exports=-1', 'exports=5,', ',', \
            'exports=5,exports=6', 'exports=5 kv=5', 'queue=5', 'exports=' + '9' * 40, '=5':
        refused(USAGE, '--cleanup takes a number', capstan('run', base, '--cleanup', value))
    for args in ['run', base, '--gc', 'never'], ['serve', base, '--gc', ''], \
            ['call', '--gc', 'Paced', base, 'a', 'b']:
        refused(USAGE, 'is no gc policy that this version has; use paced, prompt or batched',
                capstan(*args))
    refused(USAGE, "a value is missing after '--gc'", capstan('call', '--gc'))
    for args in [], [base], [base, 'ko20', 'ko21']:
        refused(USAGE, '--why takes a store and a kref', capstan('gc', '--why', *args))
    refused(USAGE, 'no worker kind', capstan('run', base, '--worker', 'thread'))
    refused(USAGE, '--socket', capstan('serve', base, '--socket', 'x'))
    refused(USAGE, '--from', capstan('log', base, '--from', 'x'))
    refused(USAGE, '--to', capstan('replay', base, 'v1', '--to', '0'))
    refused(USAGE, "no case 'nonsense'", capstan('bench', 'nonsense'))
    refused(USAGE, '--n and --block', capstan('bench', 'ping', '--n', 'x'))
    equal(os.listdir(dir.path), ['vat-a.js'])


@case
def stores_that_are_not_there(dir):
    store = dir / 'none.db'
    for args in (['call', store, 'a', 'b'], ['gc', store], ['gc', store, 'a'],
                 ['gc', '--why', store, 'ko20'], ['dump', store], ['verify', store], ['log', store],
                 ['replay', store, 'v1'], ['serve', store]):
        refused(USAGE, 'none.db', capstan(*args))
    equal(os.listdir(dir.path), [])


@case
def calls_that_cannot_be_made(dir):
    store = busy(dir)
    before = state(store)
    for args, says in (
            (['nobody', 'count'], "no vat 'nobody' in "),
            (['ko9999', 'count'], 'ko9999'),
            (['kp9999', 'count'], 'kp9999'),
            (['a', ''], 'no method'),
            (['a', 'echo', 'oops'], "argument 'oops' is not JSON"),
            (['a', 'echo', ''], "argument '' is not JSON"),
            (['a', 'echo', '1', '{"a":1,"a":2}'], 'duplicate'),
            (['a', 'echo', '1e999'], 'overflow'),
            (['a', 'echo', '[' * 5000 + ']' * 5000], 'depth')):
        refused(USAGE, says, capstan('call', store, *args))
    refused(USAGE, "no vat 'nobody'", capstan('log', store, '--vat', 'nobody'))
    refused(USAGE, "no vat 'nobody'", capstan('replay', store, 'nobody'))
    same_state(state(store), before)
    good(store)


# ---- configurations ----


@case
def paths_that_are_no_configuration(dir):
    for verb in 'run', 'serve':
        refused(USAGE, 'nothing.json: No such file', capstan(verb, dir / 'nothing.json'))
        refused(USAGE, 'is it a basedir?', capstan(verb, dir.sub('empty').path))
        refused(USAGE, 'null', capstan(verb, '/dev/null'))
    refused(USAGE, '/dev/stdin', capstan('run', '/dev/stdin', '--store', dir / 'x.db',
                                         stdin='{"vats":{"a":{"sourceSpec":"./a.js"}}}'))
    equal(os.listdir(dir.path), ['empty'])
    equal(os.listdir(dir / 'empty'), [])


@case
def a_store_beside_does_not_stand_in_for_a_missing_configuration(dir):
    busy(dir)
    refused(USAGE, 'other.json: No such file', capstan('run', dir / 'other.json'))


@case
def a_folder_whose_configuration_is_not_named(dir):
    base = dir.basedir(root('bootstrap: () => 1'))
    dir.file('config.json', json.dumps({'bootstrap': 'b', 'vats': {'b': {'sourceSpec': './bootstrap.js'}}}))
    said = '%s/config.json is not read unless it is named' % base
    want(said in exits(QUIET, capstan('run', base)).err, said)
    want(said not in exits(QUIET, capstan('run', base)).err, 'once')
    want(said not in exits(QUIET, capstan('run', dir / 'config.json', '--store', dir / 'other.db')).err, 'not then')


@case
def not_json(dir):
    refused_config(dir, 'config.json:2:', '{\n oops')
    refused_config(dir, 'not JSON', '')
    refused_config(dir, 'not JSON', '{"vats":{}} trailing')
    refused_config(dir, 'must be an object', '[]')
    refused_config(dir, 'not JSON', '\udcff'.encode('utf-8', 'surrogateescape').decode('latin-1'))


@case
def a_missing_file(dir):
    refused_config(dir, ['config.json: vats.a.sourceSpec', '/none.js: No such file'],
                   {'vats': {'a': {'sourceSpec': './none.js'}}})
    refused_config(dir, ['config.json: vats.a.bundleSpec', '/none.json: No such file'],
                   {'vats': {'a': {'bundleSpec': './none.json'}}})
    refused_config(dir, '@nobody/nothing', {'vats': {'a': {'sourceSpec': '@nobody/nothing/a.js'}}})
    refused_config(dir, "bundleName 'x'", {'vats': {'a': {'bundleName': 'x'}}})
    os.mkdir(dir / 'folder.js')
    refused_config(dir, 'folder.js', {'vats': {'a': {'sourceSpec': './folder.js'}}})


@case
def an_import_that_leads_nowhere(dir):
    dir.file('a.js', "import './b.js';\nexport const buildRootObject = () => {};\n")
    refused_config(dir, ["vat 'a'", 'b.js'], {'vats': {'a': {'sourceSpec': './a.js'}}})
    dir.file('b.js', "\nimport { x } from 'no-such-package';\n")
    refused_config(dir, ["vat 'a'", 'b.js', 'no-such-package'],
                   {'vats': {'a': {'sourceSpec': './a.js'}}})


@case
def unknown_keys(dir):
    dir.file('a.js', 'export const buildRootObject = () => {};\n')
    vat = {'sourceSpec': './a.js'}
    refused_config(dir, "unknown key 'vatz'", {'vatz': {'a': vat}})
    refused_config(dir, "unknown key 'sourceSpecs' in vats.a", {'vats': {'a': {'sourceSpecs': ''}}})
    for key in 'defaultReapInterval', 'defaultReapGCKrefs':
        refused_config(dir, "config.json: '%s' in the configuration must be a whole number" % key,
                       {'vats': {'a': vat}, key: 'sometimes'})
    for key in 'reapInterval', 'reapGCKrefs':
        refused_config(dir, "'%s' in vats.a.creationOptions must be a whole number" % key,
                       {'vats': {'a': dict(vat, creationOptions={key: -1})}})
    refused_config(dir, "'neverReap' in vats.a.creationOptions must be true or false",
                   {'vats': {'a': dict(vat, creationOptions={'neverReap': 'yes'})}})
    refused_config(dir, "unknown key 'critcal' in vats.a.creationOptions",
                   {'vats': {'a': dict(vat, creationOptions={'critcal': True})}})
    refused_config(dir, 'devices.d: there is no such device', {'vats': {'a': vat}, 'devices': {'d': {}}})
    refused_config(dir, "bootstrap vat 'b'", {'vats': {'a': vat}, 'bootstrap': 'b'})


@case
def bad_vat_names(dir):
    dir.file('a.js', 'export const buildRootObject = () => {};\n')
    for name in '', 'a b', 'a/b', '\u00e4', 'x' * 200, 'a\n':
        refused_config(dir, 'is no vat name', {'vats': {name: {'sourceSpec': './a.js'}}})
    base = dir.sub('base')
    base.file('vat-a b.js', '')
    refused(USAGE, "'a b' is no vat name", capstan('run', base.path))


@case
def syntax_errors(dir):
    for source, line in (("const a = ;\n", 1), ("\n\nlet x = 1;\nlet x = 2;\n", 4),
                         ("import { E } from '@endo/far';\nexport default function (\n", None),
                         ("\n'unterminated\n", None), ("return 5;\n", 1), ("\nawait = 1;\n", 2)):
        dir.file('a.js', source)
        refused_config(dir, "a.js:%s" % (line or ''), {'vats': {'a': {'sourceSpec': './a.js'}}})
    dir.file('a.js', "import './lib/b.js';\nexport const buildRootObject = () => {};\n")
    dir.file('lib/b.js', "\n\n}\n")
    refused_config(dir, 'lib/b.js:3', {'vats': {'a': {'sourceSpec': './a.js'}}})


@case
def damaged_bundles(dir):
    for bundle, says in (('oops', 'not JSON'), ('{}', 'moduleFormat'), ('[]', ''), ('5', ''),
                         ('{"moduleFormat":"nonsense"}', 'nonsense'),
                         ('{"moduleFormat":"endoZipBase64"}', 'endoZipBase64'),
                         ('{"moduleFormat":"endoZipBase64","endoZipBase64":"!!"}', ''),
                         ('{"moduleFormat":"endoZipBase64","endoZipBase64":"UEsDBA=="}', ''),
                         ('{"moduleFormat":"getExport"}', 'source')):
        dir.file('b.json', bundle)
        refused_config(dir, ["vat 'a'", 'b.json', says],
                       {'vats': {'a': {'bundleSpec': './b.json'}}})
        if bundle != 'oops':
            refused_config(dir, ["vat 'a'", says], {'vats': {'a': {'bundle': json.loads(bundle)}}})


@case
def a_bad_configuration_with_reset_keeps_the_store(dir):
    store = busy(dir)
    before = state(store)
    for source in 'oops oops', "import './none.js';\n":
        dir.file('vat-b.js', source)
        refused(USAGE, 'vat-b.js', capstan('run', dir.path, '--reset'))
        same_state(state(store), before)
    refused(USAGE, 'none.json', capstan('run', dir / 'none.json', '--reset', '--store', store))
    same_state(state(store), before)


@case
def stores_in_bad_places(dir):
    base = dir.basedir(a=ANSWERING)
    refused(MACHINE, '/none/', capstan('run', base, '--store', dir / 'none/x.db'))
    refused(USAGE, dir.path, capstan('run', base, '--store', dir.path))
    equal(os.listdir(dir.path), ['vat-a.js'])


main()
