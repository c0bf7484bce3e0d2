/* Promises: settling, telling, waiting (S2). */
#include <stdio.h>
#include <string.h>

#include "model_int.h"

void model_resume(model *m, int promise)
{
    model_event e;
    while (model_take(m, MODEL_WAIT, promise, &e))
        model_put(m, e, MODEL_ACCEPT);
}

int model_vat_after(int vat)
{
    char text[20] = "", other[20], least[20];
    int found = 0;
    if (vat != 0)
        (void)snprintf(text, sizeof text, "v%d", vat);
    for (int v = 1; v < MODEL_VATS; v++) {
        (void)snprintf(other, sizeof other, "v%d", v);
        if (strcmp(other, text) > 0 && (found == 0 || strcmp(other, least) < 0)) {
            found = v;
            memcpy(least, other, sizeof least);
        }
    }
    return found;
}

void model_resolve(model *m, int ref, bool rejected, const model_data *d, int by)
{
    model_promise *p = model_promise_at(m, ref);
    for (int v = model_vat_after(0); v != 0; v = model_vat_after(v))
        if (p->subscribed[v] && v != by)
            model_put(m, (model_event){ .kind = MODEL_NOTIFY, .vat = v, .target = ref },
                      MODEL_ACCEPT);
    model_resume(m, ref);
    memset(p->subscribed, 0, sizeof p->subscribed);
    p->decider = 0;
    p->resolved = true;
    p->since = m->crank;
    p->rejected = rejected;
    p->data = *d;
}

void model_subscribe(model *m, int ref, int vat)
{
    if (model_promise_at(m, ref)->resolved)
        model_put(m, (model_event){ .kind = MODEL_NOTIFY, .vat = vat, .target = ref },
                  MODEL_ACCEPT);
    else
        model_promise_at(m, ref)->subscribed[vat] = true;
}

bool model_decides(const model *m, int vat, int ref)
{
    return ref < 0 && !model_promise_at(m, ref)->resolved &&
           model_promise_at(m, ref)->decider == vat;
}
