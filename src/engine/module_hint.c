/* Advice where the parser stumbles over syntax that is newer than the engine's, or not JavaScript.
 * XS says "missing ;" at a line; what stands in that line tells the rest. Only texts: nothing
 * depends on a hint. */
#include "engine/module.h"

#include <string.h>

#define TRANSPILE \
    " (newer than this engine's JavaScript, which is ES2021 with class fields and private methods): " \
    "transpile with `esbuild --target=es2021`"
#define TYPESCRIPT \
    "this looks like TypeScript: compile it, for example with `esbuild --target=es2021`"

/* A hint applies if XS's message contains `message` and the line contains `word` as a whole word
 * or sign ("" stands for anything). */
typedef struct hint {
    const char *message, *word, *text;
} hint;

static const hint hints[] = {
    { "invalid flags", "",
      "regular expressions know the flags d g i m s u y; v is ES2024" TRANSPILE },
    { "invalid group", "(?", "group with modifiers, as (?i:…), is ES2025" TRANSPILE },
    { "duplicate capture", "", "two groups of one name are ES2025" TRANSPILE },
    { "invalid character @", "", "decorators are ES2025+" TRANSPILE },
    { "missing ;", "accessor", "`accessor` fields belong to decorators" TRANSPILE },
    { "missing ;", "using", "`using` declarations are ES2026" TRANSPILE },
    { "missing ;", "with",
      "import attributes are ES2025: leave out `with { … }`, a module whose name "
      "ends in .json is JSON" },
    { "missing ;", "assert",
      "import assertions: leave out `assert { … }`, a module whose name ends "
      "in .json is JSON" },
    { "missing )", "import", "import() with options is ES2025: leave them out" },
    { "missing from", "defer", "`import defer` is newer than ES2025" TRANSPILE },
    { "missing from", "source", "`import source` is newer than ES2025" TRANSPILE },
    { "missing from", "type", TYPESCRIPT },
    { "missing identifier", "as", "names of exports in quotes are ES2022" TRANSPILE },
    { "missing }", "as", "names of exports in quotes are ES2022" TRANSPILE },
    { "invalid token interface", "", TYPESCRIPT },
    { "invalid token enum", "", TYPESCRIPT },
    { "missing ;", "type", TYPESCRIPT },
    { "missing ;", "declare", TYPESCRIPT },
    { "missing ;", "namespace", TYPESCRIPT },
    { "missing ;", "abstract", TYPESCRIPT },
    { "missing ;", "as", TYPESCRIPT },
    { "missing ;", "satisfies", TYPESCRIPT },
};

static cs_bytes line_of(cs_bytes source, uint32_t line)
{
    const uint8_t *at = source.data, *end = source.data + source.size;
    for (; line > 1 && at < end; line--) {
        const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
        at = newline == NULL ? end : newline + 1;
    }
    const uint8_t *stop = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
    return (cs_bytes){ at, (size_t)((stop == NULL ? end : stop) - at) };
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

static bool has_word(cs_bytes line, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= line.size; i++) {
        if (memcmp(line.data + i, word, n) != 0)
            continue;
        bool starts =
            i == 0 || n == 0 || !is_letter(word[0] & 0x7f) || !is_letter(line.data[i - 1]);
        bool ends = i + n == line.size || n == 0 || !is_letter(word[n - 1] & 0x7f) ||
                    !is_letter(line.data[i + n]);
        if (starts && ends)
            return true;
    }
    return n == 0;
}

const char *cs_syntax_hint(cs_bytes source, uint32_t line, const char *message)
{
    /* The parser is at the token behind the one it missed, perhaps in the next line. */
    cs_bytes here = line_of(source, line);
    cs_bytes before = line > 1 ? line_of(source, line - 1) : (cs_bytes){ 0 };
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++)
        if (strstr(message, hints[i].message) != NULL &&
            (has_word(here, hints[i].word) || has_word(before, hints[i].word)))
            return hints[i].text;
    return NULL;
}
