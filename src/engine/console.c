/* Natives of console and assert (js/console.js, js/assert.js). */
#include "engine/base.h"
#include "engine/heap.h"

enum { BYTES_PER_COMPUTRON = 8 }; /* of text, which is made in C (S9) */

/* A buffer that survives a longjmp out of a hook: reused, never lost. */
static cs_buf line;

static void say(cs_machine *the, const char *level)
{
    cs_heap *h = the->heap;
    cs_buf_clear(&line);
    for (int i = 0; i < mxArgc; i++) {
        if (i > 0)
            cs_buf_add_byte(&line, ' ');
        cs_add_display(the, &line, mxArgv(i));
    }
    mxMeterSome((txU4)(line.size / BYTES_PER_COMPUTRON));
    if (h->hooks.console != NULL)
        h->hooks.console(the, h->guest, level, cs_buf_bytes(&line));
}

static void console_debug(cs_machine *the)
{
    say(the, "debug");
}

static void console_log(cs_machine *the)
{
    say(the, "log");
}

static void console_info(cs_machine *the)
{
    say(the, "info");
}

static void console_warn(cs_machine *the)
{
    say(the, "warn");
}

static void console_error(cs_machine *the)
{
    say(the, "error");
}

const cs_native cs_console_natives[] = {
    { "debug", console_debug, 0 }, { "log", console_log, 0 },     { "info", console_info, 0 },
    { "warn", console_warn, 0 },   { "error", console_error, 0 }, { 0 },
};

/* display(value) -> the text that console shows for it, strings in quotes */
static void display(cs_machine *the)
{
    cs_buf_clear(&line);
    if (mxArgc > 0 && cs_is_string(mxArgv(0))) {
        cs_buf text = { 0 };
        cs_add_text(&text, mxArgv(0));
        cs_buf_add_json(&line, cs_buf_bytes(&text));
        cs_buf_fini(&text);
    } else if (mxArgc > 0) {
        cs_add_display(the, &line, mxArgv(0));
    }
    mxMeterSome((txU4)(line.size / BYTES_PER_COMPUTRON));
    cs_push_text(the, cs_buf_bytes(&line));
    mxPullSlot(mxResult);
}

/* Text that is kept with an error for people only: no code can read it. It stands in an internal
 * slot right behind the one that makes the instance an error (display.c). */
static cs_slot *error_of(cs_machine *the)
{
    if (mxArgc < 2 || mxArgv(0)->kind != XS_REFERENCE_KIND || !cs_is_string(mxArgv(1)))
        return NULL;
    cs_slot *instance = mxArgv(0)->value.reference;
    bool own = cs_is_exotic(instance, XS_ERROR_KIND) && !cs_is_of_base(the, instance);
    return own ? instance : NULL;
}

static cs_slot *text_slot(cs_machine *the, cs_slot *instance)
{
    cs_slot *marker = instance->next, *text = marker->next;
    if (text != NULL && (text->flag & XS_INTERNAL_FLAG) != 0 && cs_is_string(text))
        return text;
    text = fxNewSlot(the);
    text->flag = XS_INTERNAL_FLAG;
    text->kind = mxEmptyString.kind;
    text->value = mxEmptyString.value;
    text->next = marker->next;
    marker->next = text;
    return text;
}

/* annotate(error, text): people see it in place of the message */
static void annotate(cs_machine *the)
{
    cs_slot *instance = error_of(the);
    if (instance == NULL)
        return;
    cs_slot *text = text_slot(the, instance);
    text->kind = mxArgv(1)->kind;
    text->value = mxArgv(1)->value;
}

/* addNote(error, text): people see it after what they see already */
static void add_note(cs_machine *the)
{
    cs_slot *instance = error_of(the);
    if (instance == NULL)
        return;
    const cs_slot *before = cs_error_text(the, instance);
    if (before == NULL)
        before = &mxEmptyString;
    mxPushSlot(before);
    (void)fxConcatString(the, the->stack, mxArgv(1));
    cs_slot *text = text_slot(the, instance);
    mxPullSlot(text);
}

const cs_native cs_assert_natives[] = {
    { "display", display, 1 },
    { "annotate", annotate, 2 },
    { "addNote", add_note, 2 },
    { 0 },
};
