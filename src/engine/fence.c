/* The only jump point. Whatever runs JavaScript passes through here: fn runs inside two frames of
 * XS, the inner one catches exceptions, the outer one is where an abort ends (fxExitToHost leaves to
 * the outermost jump). */
#include "engine/heap.h"

#include <pthread.h>
#include <string.h>

/* The lowest address that the thread's stack may reach. Asked once: see platform.h. */
static char *thread_stack_end(void)
{
    static char *end;
    if (end != NULL)
        return end;
    pthread_attr_t attr;
    void *low;
    size_t size;
#undef pthread_getattr_np
    if (pthread_getattr_np(pthread_self(), &attr) != 0)
        return NULL;
    if (pthread_attr_getstack(&attr, &low, &size) == 0)
        end = (char *)low + CS_C_STACK_MARGIN;
    (void)pthread_attr_destroy(&attr);
    return end;
}

static char *stack_end(void)
{
    char *lowest = thread_stack_end();
    char *end = (char *)((uintptr_t)__builtin_frame_address(0) - CS_C_STACK);
    return end < lowest ? lowest : end;
}

/* What fxCStackLimit() gets to know (platform.h). */
int cs_stack_attributes(pthread_t thread, pthread_attr_t *attributes)
{
    (void)thread;
    const cs_heap *h = cs_xs_owner();
    char *end = h != NULL && h->stack_end != NULL ? h->stack_end : stack_end();
    return pthread_attr_setstack(attributes, end, CS_C_STACK);
}

/* What does not fit is cut, between characters. */
static void shorten(cs_buf *text)
{
    if (text->size < CS_ERROR_MAX)
        return;
    text->size = CS_ERROR_MAX - 1;
    while (text->size > 0 && (text->data[text->size] & 0xC0) == 0x80)
        text->size--;
}

/* The text that an exception leaves for people. */
static cs_status thrown(cs_machine *the, cs_error *err)
{
    cs_buf text = { 0 };
    cs_add_display(the, &text, &mxException);
    shorten(&text);
    mxException.kind = XS_UNDEFINED_KIND;
    cs_status st = cs_fail(err, CS_E_THROWN, "%s", cs_buf_text(&text));
    cs_buf_fini(&text);
    return st;
}

static cs_status run_guest(cs_machine *the, cs_guest_fn *fn, void *arg, cs_error *err)
{
    cs_status st = CS_OK;
    mxTry(the)
    {
        fn(the, arg);
    }
    mxCatch(the)
    {
        st = thrown(the, err);
    }
    return st;
}

/* In a function of its own: setjmp makes locals of the function that calls it doubtful. */
static void enter(cs_machine *the, txJump *jump)
{
    memset(jump, 0, sizeof *jump);
    jump->stack = the->stack;
    jump->scope = the->scope;
    jump->frame = the->frame;
    jump->code = the->code;
    the->firstJump = jump;
}

static void leave(cs_heap *h, cs_heap *before)
{
    h->the->firstJump = NULL;
    h->stack_end = NULL;
    (void)cs_xs_set_owner(before);
}

/* By itself it says which limit, and how high that is: not everybody shows the status. */
static cs_status say_death(const cs_heap *h, cs_error *err)
{
    if (h->death == CS_E_METER)
        return cs_fail(err, h->death, "more than %llu computrons at once",
                       (unsigned long long)h->meter_max);
    if (h->death == CS_E_HEAP_FULL)
        return cs_fail(err, h->death, "more than %llu bytes of heap",
                       (unsigned long long)h->bytes_max);
    if (h->death == CS_E_STACK)
        return cs_fail(err, h->death, "calls are nested too deeply");
    return cs_fail(err, h->death, "no room for another property name");
}

cs_status cs_fence_bare(cs_heap *h, cs_guest_fn *fn, void *arg, cs_error *err)
{
    cs_machine *the = h->the;
    txJump jump;
    cs_heap *before = cs_xs_set_owner(h);
    volatile cs_status st = CS_OK;
    h->stack_end = stack_end();
    the->stackLimit = fxCStackLimit();
    enter(the, &jump);
    if (c_setjmp(jump.buffer) == 0)
        fn(the, arg);
    else
        st = say_death(h, err);
    leave(h, before);
    return st;
}

typedef struct guest {
    cs_guest_fn *fn;
    void *arg;
    cs_error *err;
    cs_status st;
} guest;

static void run_in_frame(cs_machine *the, void *arg)
{
    guest *g = arg;
    fxBeginHost(the);
    g->st = run_guest(the, g->fn, g->arg, g->err);
    fxEndHost(the);
}

cs_status cs_fence_run(cs_heap *h, cs_guest_fn *fn, void *arg, cs_error *err)
{
    guest g = { .fn = fn, .arg = arg, .err = err };
    cs_status st = cs_fence_bare(h, run_in_frame, &g, err);
    return st != CS_OK ? st : g.st;
}

cs_status cs_fence(cs_heap *h, cs_guest_fn *fn, void *arg, cs_error *err)
{
    cs_assert(h->the->firstJump == NULL);
    if (h->death != CS_OK)
        return say_death(h, err);
    return cs_fence_run(h, fn, arg, err);
}

static void drain(cs_machine *the, void *arg)
{
    (void)arg;
    while (mxPendingJobs.value.reference->next != NULL)
        fxRunPromiseJobs(the);
    cs_report_rejections(the);
}

cs_status cs_heap_drain(cs_heap *h, cs_error *err)
{
    return cs_fence(h, drain, NULL, err);
}
