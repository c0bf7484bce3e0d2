/* From the text of a vat's modules to running code, for the files of engine/ that take part:
 *
 *   module_parse.c     one source, XS's parser, errors with file and line     (module_hint.c: advice)
 *   module_scan.c      what a module imports and exports
 *                      (module_commonjs.c, module_functor.c: the same for other kinds)
 *   module_link.c      do all imports of a bundle meet an export?
 *   module_mend.c      the tree, where XS would read it otherwise than ECMAScript
 *   module_compile.c   a bundle's compiled form, in bytes
 *   module_code.c      compiled bundles in memory, shared by the heaps that run them
 *   module_load.c      XS's hooks, the vat's compartment, evaluation
 *   builtin.c          the modules of the base */
#pragma once
#include "base/hash.h"
#include "engine/bundle.h"
#include "engine/heap.h"

#include "xsScript.h"

/* --- one source ---------------------------------------------------------------------------------- */

typedef struct cs_parse {
    const char *name; /* for messages; unique in its bundle */
    cs_bytes source;
    txUnsigned flags; /* 0: a module; mxProgramFlag: a program, which is sloppy */
    void *arg;
    /* Looks at the tree; may report with fxReportParserError, which leaves by longjmp. */
    void (*visit)(txParser *parser, txNode *root, void *arg);
    /* Takes a copy of the code. NULL: none is generated. */
    void (*emit)(const txScript *script, void *arg);
} cs_parse;

/* Runs the parser without a machine and without a trace. SYNTAX (VAT). */
CS_MUST_USE cs_status cs_parse_run(const cs_parse *p, cs_error *err);
/* Calls visit for each child of a node. */
void cs_parse_children(txNode *node, txNodeCall visit, void *arg);
/* Why the parser may have stumbled over that line, or NULL. */
const char *cs_syntax_hint(cs_bytes source, uint32_t line, const char *message);
/* Text of the parser as UTF-8. */
const char *cs_parse_text(cs_arena *arena, const char *cesu8);

/* --- its border ---------------------------------------------------------------------------------- */

enum { CS_LOCAL = UINT32_MAX };

/* import { name as local } from specifiers[from] */
typedef struct cs_take {
    const char *name; /* NULL: the namespace */
    const char *local;
    uint32_t from, line;
} cs_take;

/* export { import as name } from specifiers[from] */
typedef struct cs_give {
    const char *name;   /* NULL: export * */
    const char *import; /* NULL: the namespace; if from is CS_LOCAL: the binding */
    uint32_t from, line;
} cs_give;

typedef struct cs_border {
    cs_arena *arena; /* of all that follows; borrowed */
    cs_specifier *specifiers;
    uint32_t specifier_count;
    cs_take *takes;
    uint32_t take_count;
    cs_give *gives; /* after cs_border_finish(): sorted by name, export * first */
    uint32_t give_count;
    uint32_t await_line; /* of the first await outside of functions; 0: none */
} cs_border;

/* A visit of cs_parse for a module: `arg` is a cs_border whose arena is set. */
void cs_border_visit(txParser *parser, txNode *root, void *arg);
/* Makes one array longer by one item, which is zero, and returns that. */
void *cs_arena_append(cs_arena *arena, void **items, uint32_t *count, size_t size);
/* The specifier of that text, made if absent. */
uint32_t cs_specifier_put(cs_arena *arena, cs_specifier **items, uint32_t *count, const char *text,
                          uint32_t line);

/* --- all of a bundle ----------------------------------------------------------------------------- */

/* Sorts what is given and follows what is only passed on. Once, after the visit. */
void cs_border_finish(cs_border *b);
typedef struct cs_names {
    const char **items;
    uint32_t count;
} cs_names;

/* Looks at a bundle as a whole; borders by module, those of other kinds than ESM empty. All of it is
 * borrowed. */
typedef struct cs_linker {
    const cs_bundle *bundle;
    cs_border *borders;
    cs_arena *arena;
    uint32_t *seen; /* by module: the search that came by last */
    uint32_t search, searches;
    uint32_t steps; /* of this query */
} cs_linker;

void cs_linker_init(cs_linker *l, const cs_bundle *bundle, cs_border *borders, cs_arena *arena);
/* Whether each import of each module meets exactly one export. SYNTAX (VAT): "name:line: …", with the
 * names that there are. */
CS_MUST_USE cs_status cs_linker_check(cs_linker *l, cs_error *err);
/* Where a name reaches a module's exports by `export *` and in another way too, XS takes for
 * ambiguous what ECMAScript does not. Gives the names that each `export *` of the module passes on,
 * by specifier, so that they can be spelled out; NULL if all is well as it stands. */
cs_names *cs_linker_spell(cs_linker *l, uint32_t module);

/* Mends a module's tree before code is made of it. `names` of cs_linker_spell(), or NULL. */
typedef struct cs_mending {
    const cs_border *border;
    cs_names *names;
    txParser *parser;
    uint32_t bare_count;
} cs_mending;
void cs_module_mend(txParser *parser, txNode *root, cs_mending *m);

/* --- compiled code ------------------------------------------------------------------------------- */

/* One bundle's compiled form: read once per process, used by every heap that runs the bundle. */
typedef struct cs_compiled {
    cs_hash bundle;
    cs_buf bytes;         /* owned; what follows points into it */
    cs_bundle names;      /* without sources */
    cs_bytes *units;      /* code by module, names as indices of symbols[] */
    cs_bytes code;        /* all of them, one behind the other */
    const char **symbols; /* engine strings; [0] stands for none */
    uint32_t symbol_count;
    uint32_t *by_name; /* modules in order of their names */
} cs_compiled;

/* Takes the bytes of cs_bundle_compile(); false, and they stay the caller's, unless they are whole
 * and of that base and bundle. Free with cs_compiled_fini(). */
CS_MUST_USE bool cs_compiled_dec(const char *base_name, const cs_hash *bundle, cs_buf *take_bytes,
                                 cs_compiled *ret);
void cs_compiled_fini(cs_compiled *c);
/* The module of that name, or CS_LOCAL. */
uint32_t cs_compiled_find(const cs_compiled *c, cs_bytes name);

/* What a heap runs: the code with this heap's numbers for names. Outside of the heap, so that a
 * closure points to it instead of copying it; shared by all heaps in which the names got the same
 * numbers, that is, by nearly all heaps of one bundle. */
typedef struct cs_code {
    struct cs_code *next;
    cs_compiled *of;
    uint32_t refs;
    txID *ids;
    uint8_t *bytes;
} cs_code;

/* Gives the heap its code: registers all names, then shares or makes it. Compiles `bundle` if nobody
 * has. Throws a SyntaxError. */
void cs_code_attach(cs_machine *the, cs_bytes bundle);
/* For images: a number for an address of code that lies outside of all heaps, the heap's own or the
 * built-in modules', the same in every process with the same base and bundle; false: it is neither.
 * And back; NULL if there is no such code. */
bool cs_code_number(const cs_heap *h, const void *address, uint64_t *ret_number);
void *cs_code_at(const cs_heap *h, uint64_t number);

/* Turns the instructions that copy a function's code into those that point to it, for code that
 * stays where it is. */
void cs_code_fix_in_place(uint8_t *code, size_t size);
/* Replaces each symbol number by ids[number]. */
void cs_code_renumber(uint8_t *code, size_t size, const txID *ids);

/* --- built-in modules ---------------------------------------------------------------------------- */

/* The file of js/ that serves a built-in name, or NULL. */
const char *cs_builtin_file(cs_bytes name);
bool cs_is_builtin_file(cs_bytes file);
/* While the base is made: fills the record of such a module. */
void cs_builtin_load(cs_machine *the, cs_slot *module, txID id, const char *file);
/* Where its code lies among that of all built-in modules, and back. */
bool cs_builtin_code_number(const void *address, uint32_t *ret_number);
void *cs_builtin_code_at(uint32_t number);
/* module_load.c, while the base is made: the hooks that compartments of vats are given. */
void cs_module_define_hooks(cs_machine *the);
