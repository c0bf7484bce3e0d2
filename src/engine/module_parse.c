/* XS's parser: on its own for modules (no machine, no heap of a vat; its memory is a heap of ours that
 * exists for the one run, so whatever way the parser is left, all of it is freed), and as XS's hook
 * for eval and its like. */
#include "engine/module.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

enum {
    STACK_SIZE = 4 * 1024 * 1024, /* C stack for nesting; less than a fence leaves (heap.h) */
    SYMBOL_MODULO = 1993,
    BUFFER_SLACK = 8 * 1024, /* the parser's buffer holds one token, and its own messages */
    MESSAGE_MAX = 256,
};

typedef struct session {
    /* What the parser takes for its machine: it is handed to the report, and tagged templates count
     * in its `tag`. Nothing else of it is used. */
    txMachine console;
    txParser parser;
    cs_heap memory;
    const cs_parse *parse;
    size_t at;
    cs_status status;
    cs_error *err;
} session;

/* XS's own getter gives signed bytes. */
static int next_byte(void *stream)
{
    session *s = stream;
    return s->at < s->parse->source.size ? s->parse->source.data[s->at++] : C_EOF;
}

static const char *in_our_words(const char *message)
{
    if (strcmp(message, "stack overflow") == 0)
        return "nested too deeply";
    return message[0] == ' ' ? message + 1 : message;
}

/* Where the lexer fails it is ahead of the token whose line the parser says. */
static uint32_t line_of(const session *s, txInteger line, const char *text)
{
    bool is_lexer = strncmp(text, "invalid character", 17) == 0 || strncmp(text, "end of ", 7) == 0;
    if (is_lexer && s->parser.line2 > line)
        line = s->parser.line2;
    return (uint32_t)line;
}

/* The first error counts; the parser goes on to others only if it must. */
CS_PRINTF(4, 0)
static void report(void *console, txString path, txInteger line, txString format, va_list args)
{
    (void)path;
    session *s = console;
    char message[MESSAGE_MAX];
    (void)vsnprintf(message, sizeof message, format, args);
    if (s->status != CS_OK)
        return;
    const char *text = in_our_words(message);
    uint32_t where = line_of(s, line, text);
    const char *hint = cs_syntax_hint(s->parse->source, where, text);
    s->status = cs_fail(s->err, CS_E_SYNTAX, "%s:%u: %s%s%s", s->parse->name, where, text,
                        hint == NULL ? "" : ": ", hint == NULL ? "" : hint);
}

static bool went_well(session *s)
{
    return s->parser.errorCount == 0 && s->status == CS_OK;
}

static void work(session *s)
{
    txParser *p = &s->parser;
    fxParserTree(p, s, next_byte, s->parse->flags, NULL);
    if (went_well(s) && s->parse->visit != NULL)
        s->parse->visit(p, p->root, s->parse->arg);
    if (!went_well(s) || s->parse->emit == NULL)
        return;
    fxParserHoist(p);
    if (went_well(s))
        fxParserBind(p);
    txScript *script = went_well(s) ? fxParserCode(p) : NULL;
    if (script != NULL && went_well(s))
        s->parse->emit(script, s->parse->arg);
}

/* The symbol of the name makes the names of template caches unique in the bundle. */
static void start(session *s)
{
    txParser *p = &s->parser;
    fxInitializeParser(p, &s->console, (txSize)s->parse->source.size + BUFFER_SLACK, SYMBOL_MODULO);
    p->reportError = report;
    p->path = fxNewParserSymbol(p, (txString)(uintptr_t)s->parse->name);
}

/* In a function of its own because of setjmp. */
static void run(session *s)
{
    txParserJump jump = { .nextJump = NULL };
    s->memory.stack_end = (char *)((uintptr_t)&jump - STACK_SIZE);
    start(s);
    s->parser.firstJump = &jump;
    if (c_setjmp(jump.jmp_buf) == 0)
        work(s);
}

cs_status cs_parse_run(const cs_parse *p, cs_error *err)
{
    session *s = CS_NEW(session);
    s->parse = p;
    s->err = err;
    s->memory.bytes_max = UINT64_MAX;
    cs_heap *before = cs_xs_set_owner(&s->memory);
    run(s);
    (void)cs_xs_set_owner(before);
    cs_xs_free_all(&s->memory);
    cs_status st = s->status;
    cs_assert(st != CS_OK || s->parser.errorCount == 0);
    (void)cs_free(s);
    return st;
}

void cs_parse_children(txNode *node, txNodeCall visit, void *arg)
{
    node->description->dispatch->distribute(node, visit, arg);
}

/* --- eval, Function, Compartment.prototype.evaluate ---------------------------------------------- */

/* An error in the source becomes a script that throws it. The memory is the heap's that runs. Code
 * for lines and profiles is of no use without a debugger. */
txScript *fxParseScript(txMachine *the, void *stream, txGetter getter, txUnsigned flags)
{
    txParser parser;
    txParserJump jump = { .nextJump = NULL };
    txScript *volatile script = NULL;
    fxInitializeParser(&parser, the, the->parserBufferSize, the->parserTableModulo);
    parser.firstJump = &jump;
    if (c_setjmp(jump.jmp_buf) == 0) {
        fxParserTree(&parser, stream, getter, flags & ~(txUnsigned)mxDebugFlag, NULL);
        fxParserHoist(&parser);
        fxParserBind(&parser);
        script = fxParserCode(&parser);
    }
    fxTerminateParser(&parser);
    return script;
}

/* --- text ---------------------------------------------------------------------------------------- */

const char *cs_parse_text(cs_arena *arena, const char *cesu8)
{
    cs_buf text = { 0 };
    cs_add_string(&text, cesu8);
    cs_buf_add_byte(&text, 0);
    cs_bytes copy = cs_arena_copy(arena, cs_buf_bytes(&text));
    cs_buf_fini(&text);
    return (const char *)copy.data;
}
