/* Two things that XS gets wrong about a module's border, put right in the parser's tree:
 *
 *   import './x.js';           is to XS the same as `export * from './x.js'`. It becomes
 *                              `import * as (a name that no source can write) from './x.js'`.
 *   export * from './x.js';    where x.js has a name that the module exports in another way too, XS
 *                              sees an ambiguity though the other way comes first. It becomes
 *                              `export { the names that are left } from './x.js'`. */
#include "engine/module.h"

#include <stdio.h>
#include <string.h>

static txSpecifierNode *new_specifier(cs_mending *m, const txNode *node)
{
    txSpecifierNode *s = fxSpecifierNodeNew(m->parser, XS_TOKEN_SPECIFIER);
    s->path = node->path;
    s->line = node->line;
    return s;
}

static void import_namespace(cs_mending *m, txImportNode *node)
{
    char name[32];
    (void)snprintf(name, sizeof name, "import %u", m->bare_count++);
    txSpecifierNode *all = new_specifier(m, (txNode *)node);
    all->asSymbol = fxNewParserSymbol(m->parser, name);
    node->specifiers->first = (txNode *)all;
    node->specifiers->length = 1;
}

static void export_names(cs_mending *m, txExportNode *node, cs_names *names)
{
    txNode **place = &node->specifiers->first;
    *place = NULL;
    for (uint32_t i = 0; i < names->count; i++) {
        txSpecifierNode *s = new_specifier(m, (txNode *)node);
        s->symbol = fxNewParserSymbol(m->parser, (txString)(uintptr_t)names->items[i]);
        *place = (txNode *)s;
        place = &s->next;
    }
    node->specifiers->length = (txInteger)names->count;
    names->count = 0; /* the same module once more adds nothing */
    if (node->specifiers->length == 0) {
        node->description = &gxTokenDescriptions[XS_TOKEN_IMPORT]; /* a node of the same shape */
        import_namespace(m, (txImportNode *)node);
    }
}

static bool is_star(const txExportNode *node)
{
    const txSpecifierNode *first =
        node->specifiers == NULL ? NULL : (const txSpecifierNode *)node->specifiers->first;
    return node->from != NULL && first != NULL && first->symbol == NULL && first->asSymbol == NULL;
}

static void mend_star(cs_mending *m, txExportNode *node)
{
    const txStringNode *from = (const txStringNode *)node->from;
    const char *text = cs_parse_text(m->border->arena, from->value);
    for (uint32_t i = 0; i < m->border->specifier_count; i++)
        if (strcmp(m->border->specifiers[i].text, text) == 0)
            export_names(m, node, &m->names[i]);
}

static void mend_node(void *it, void *arg)
{
    cs_mending *m = arg;
    txNode *node = it;
    txToken token = node->description->token;
    if (token == XS_TOKEN_STATEMENTS)
        cs_parse_children(node, mend_node, arg);
    else if (token == XS_TOKEN_IMPORT && ((txImportNode *)node)->specifiers->length == 0)
        import_namespace(m, (txImportNode *)node);
    else if (token == XS_TOKEN_EXPORT && m->names != NULL && is_star((txExportNode *)node))
        mend_star(m, (txExportNode *)node);
}

void cs_module_mend(txParser *parser, txNode *root, cs_mending *m)
{
    m->parser = parser;
    cs_parse_children(root, mend_node, m);
}
