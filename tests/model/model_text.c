/* Deliveries and syscalls as the text of raw_text.h. */
#include <stdarg.h>
#include <stdio.h>

#include "model_int.h"

void model_say(model_out *o, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(o->text + o->size, MODEL_TEXT - o->size, format, args);
    va_end(args);
    o->size += (size_t)n;
    if (o->size >= MODEL_TEXT)
        model_full("text");
}

void model_say_vref(model_out *o, model_vref v)
{
    model_say(o, "%c%c%d", v.type, v.by_vat ? '+' : '-', v.id);
}

void model_say_vrefs(model_out *o, const model_vref *v, int count)
{
    for (int i = 0; i < count; i++) {
        model_say(o, "%s", i > 0 ? " " : "");
        model_say_vref(o, v[i]);
    }
}

void model_say_shape(model_out *o, model_shape shape, int method, const model_vref *slots,
                     int count)
{
    switch (shape) {
    case MODEL_WORD:
        model_say(o, "w");
        break;
    case MODEL_ARRAY:
    case MODEL_LONE:
        model_say(o, shape == MODEL_ARRAY ? "[" : "");
        model_say_vrefs(o, slots, count);
        model_say(o, shape == MODEL_ARRAY ? "]" : "");
        break;
    case MODEL_TERMINATED:
        model_say(o, "Error(vat terminated)");
        break;
    case MODEL_NOT_CALLABLE:
        model_say(o, "Error(data is not callable, has no method m%d)", method);
        break;
    }
}

static void say_batch(model_out *o, const model_syscall *s)
{
    for (int i = 0; i < s->batch_count; i++) {
        const model_resolution *r = &s->batch[i];
        model_say(o, "%s%s ", i > 0 ? " & " : "", r->rejected ? "reject" : "fulfill");
        model_say_vref(o, r->promise);
        model_say(o, " ");
        model_say_shape(o, r->shape, 0, r->slots, r->slot_count);
    }
}

static void say_send(model_out *o, const model_syscall *s)
{
    model_say(o, "send ");
    model_say_vref(o, s->target);
    model_say(o, ".m%d(", s->method);
    model_say_vrefs(o, s->slots, s->slot_count);
    model_say(o, ")");
    if (s->result.type != 0) {
        model_say(o, " => ");
        model_say_vref(o, s->result);
    }
}

static void say_gc(model_out *o, const char *what, const model_syscall *s)
{
    model_say(o, "%s ", what);
    model_say_vrefs(o, s->slots, s->slot_count);
}

void model_syscall_text(const model_syscall *s, char text[MODEL_TEXT])
{
    model_out o = { text, 0 };
    switch (s->kind) {
    case MODEL_SYS_SEND:
        say_send(&o, s);
        break;
    case MODEL_SYS_CALL:
        model_say(&o, "call-now ");
        model_say_vref(&o, s->target);
        model_say(&o, ".m%d(", s->method);
        model_say_vrefs(&o, s->slots, s->slot_count);
        model_say(&o, ")");
        break;
    case MODEL_SYS_SUBSCRIBE:
        model_say(&o, "subscribe ");
        model_say_vref(&o, s->target);
        break;
    case MODEL_SYS_RESOLVE:
        say_batch(&o, s);
        break;
    case MODEL_SYS_EXIT:
    case MODEL_SYS_FAIL:
        model_say(&o, "%s [", s->kind == MODEL_SYS_EXIT ? "exit" : "fail");
        model_say_vrefs(&o, s->slots, s->slot_count);
        model_say(&o, "]");
        break;
    case MODEL_SYS_DROP:
        say_gc(&o, "drop", s);
        break;
    case MODEL_SYS_RETIRE:
        say_gc(&o, "retire", s);
        break;
    case MODEL_SYS_RETIRE_EXPORTS:
        say_gc(&o, "retire-exports", s);
        break;
    case MODEL_SYS_ABANDON:
        say_gc(&o, "abandon", s);
        break;
    }
}
