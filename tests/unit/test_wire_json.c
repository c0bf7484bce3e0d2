/* The JSON of deliveries, syscalls and replies: the field's shapes (S5, S16), and JSON whatever the
 * vat's bytes are. */
#include "wire/json.h"
#include "wire_gen.h"

#include <jansson.h>
#include <string.h>

static void says(cs_buf *b, const char *want)
{
    assert_string_equal(cs_buf_text(b), want);
    cs_buf_fini(b);
}

static const cs_vref o_50 = { UINT64_C(1) << 62 | 50 };

static cs_vref ref(const char *text)
{
    cs_vref v = { 0 };
    assert_ok(cs_vref_parse(cs_bytes_of(text), &v));
    return v;
}

static void deliveries(void **state)
{
    (void)state;
    cs_buf b = { 0 };
    cs_message m = { ref("o+0"), { CS_BYTES("#[\"go\",[\"$0\"]]"), &o_50, 1 }, ref("p-60") };
    cs_delivery_json(&b, &(cs_delivery){ .kind = CS_DELIVER_MESSAGE, .message = m });
    says(&b, "[\"message\",\"o+0\",{\"methargs\":{\"body\":\"#[\\\"go\\\",[\\\"$0\\\"]]\","
             "\"slots\":[\"o-50\"]},\"result\":\"p-60\"}]");
    m = (cs_message){ .target = ref("o+v10/3:1") };
    cs_delivery_json(&b, &(cs_delivery){ .kind = CS_DELIVER_MESSAGE, .message = m });
    says(&b,
         "[\"message\",\"o+v10/3:1\",{\"methargs\":{\"body\":\"\",\"slots\":[]},\"result\":null}]");
    cs_resolution two[] = { { ref("p-60"), false, { CS_BYTES("#1"), NULL, 0 } },
                            { ref("p+5"), true, { CS_BYTES("#2"), &o_50, 1 } } };
    cs_delivery_json(&b, &(cs_delivery){ .kind = CS_DELIVER_NOTIFY, .notify = { two, 2 } });
    says(&b, "[\"notify\",[[\"p-60\",false,{\"body\":\"#1\",\"slots\":[]}],"
             "[\"p+5\",true,{\"body\":\"#2\",\"slots\":[\"o-50\"]}]]]");
    cs_vref refs[] = { ref("o+1"), ref("o+d2/3") };
    cs_delivery_json(&b, &(cs_delivery){ .kind = CS_DELIVER_DROP_EXPORTS, .refs = { refs, 2 } });
    says(&b, "[\"dropExports\",[\"o+1\",\"o+d2/3\"]]");
    cs_delivery_json(&b, &(cs_delivery){ .kind = CS_DELIVER_RETIRE_IMPORTS, .refs = { refs, 1 } });
    says(&b, "[\"retireImports\",[\"o+1\"]]");
    cs_delivery_json(&b, &(cs_delivery){ .kind = CS_DELIVER_BRING_OUT_YOUR_DEAD });
    says(&b, "[\"bringOutYourDead\"]");
    cs_delivery_json(&b,
                     &(cs_delivery){ .kind = CS_DELIVER_START_VAT, .start = { CS_BYTES("#{}") } });
    says(&b, "[\"startVat\",{\"body\":\"#{}\",\"slots\":[]}]");
}

static void syscalls(void **state)
{
    (void)state;
    cs_buf b = { 0 };
    cs_syscall s = { .kind = CS_SYSCALL_SEND, .send = { .target = o_50, .result = ref("p+5") } };
    cs_syscall_json(&b, &s);
    says(&b, "[\"send\",\"o-50\",{\"methargs\":{\"body\":\"\",\"slots\":[]},\"result\":\"p+5\"}]");
    s = (cs_syscall){ .kind = CS_SYSCALL_SUBSCRIBE, .promise = ref("p-61") };
    cs_syscall_json(&b, &s);
    says(&b, "[\"subscribe\",\"p-61\"]");
    s = (cs_syscall){ .kind = CS_SYSCALL_EXIT, .exit = { true, { CS_BYTES("#0") } } };
    cs_syscall_json(&b, &s);
    says(&b, "[\"exit\",true,{\"body\":\"#0\",\"slots\":[]}]");
    s = (cs_syscall){ .kind = CS_SYSCALL_VATSTORE_SET };
    s.vatstore.key = CS_BYTES("k");
    s.vatstore.value = CS_BYTES("{\"a\":1}");
    cs_syscall_json(&b, &s);
    says(&b, "[\"vatstoreSet\",\"k\",\"{\\\"a\\\":1}\"]");
    s.kind = CS_SYSCALL_VATSTORE_NEXT_KEY;
    s.vatstore.has_answer = true;
    cs_syscall_json(&b, &s);
    says(&b, "[\"vatstoreGetNextKey\",\"k\"]");
    s = (cs_syscall){ .kind = CS_SYSCALL_CALL_NOW,
                      .call = { ref("d-70"), CS_BYTES("m"), { CS_BYTES("[]") } } };
    cs_syscall_json(&b, &s);
    says(&b, "[\"callNow\",\"d-70\",\"m\",{\"body\":\"[]\",\"slots\":[]}]");
    s = (cs_syscall){ .kind = CS_SYSCALL_ABANDON_EXPORTS, .refs = { &o_50, 1 } };
    cs_syscall_json(&b, &s);
    says(&b, "[\"abandonExports\",[\"o-50\"]]");
}

static void answers_and_replies(void **state)
{
    (void)state;
    cs_buf b = { 0 };
    cs_syscall s = { .kind = CS_SYSCALL_VATSTORE_GET };
    cs_answer_json(&b, &s);
    says(&b, "[\"ok\",null]");
    s.vatstore.has_answer = true;
    s.vatstore.value = CS_BYTES("v");
    cs_answer_json(&b, &s);
    says(&b, "[\"ok\",\"v\"]");
    s.kind = CS_SYSCALL_SEND;
    cs_answer_json(&b, &s);
    says(&b, "[\"ok\",null]");
    cs_reply reply = { .computrons = 1234 };
    cs_reply_json(&b, &reply);
    says(&b, "[\"ok\",null,{\"compute\":1234}]");
    reply.status = CS_E_THROWN;
    reply.problem = CS_BYTES("no\n");
    cs_reply_json(&b, &reply);
    says(&b, "[\"error\",\"no\\n\",{\"compute\":1234}]");
}

static void bytes_that_are_no_text(void **state)
{
    (void)state;
    cs_buf b = { 0 };
    cs_syscall s = { .kind = CS_SYSCALL_VATSTORE_DELETE };
    s.vatstore.key = CS_BYTES("a\xff\xc3\xa9\xed\xa0\x80z");
    cs_syscall_json(&b, &s);
    says(&b, "[\"vatstoreDelete\",\"a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\"]");
}

static bool is_json(cs_buf *b)
{
    json_t *j = json_loadb((const char *)b->data, b->size, JSON_ALLOW_NUL, NULL);
    json_decref(j);
    cs_buf_fini(b);
    return j != NULL;
}

static const char *is_always_json(tape *t, void *ctx)
{
    cs_arena *a = ctx;
    cs_arena_clear(a);
    cs_buf b = { 0 };
    cs_delivery d = gen_delivery(t, a);
    cs_reply reply = gen_reply(t, a);
    cs_delivery_json(&b, &d);
    bool good = is_json(&b);
    for (uint32_t i = 0; i < reply.syscall_count && good; i++) {
        cs_syscall_json(&b, &reply.syscalls[i]);
        good = is_json(&b);
        cs_answer_json(&b, &reply.syscalls[i]);
        good = is_json(&b) && good;
    }
    return good ? NULL : "not JSON";
}

static void always_json(void **state)
{
    (void)state;
    cs_arena a = { 0 };
    t_property(is_always_json, &a, 3000);
    cs_arena_fini(&a);
}

T_MAIN(T(deliveries), T(syscalls), T(answers_and_replies), T(bytes_that_are_no_text),
       T(always_json))
