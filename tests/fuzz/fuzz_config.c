/* The configuration reader: any bytes are either a configuration or refused with a text. */
#include "t.h"

#include "host/config.h"
#include "host/plain_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Parameters go to the vat in smallcaps, and must come back as they were. */
static void check_parameters(const json_t *parameters)
{
    cs_buf there = { 0 }, back = { 0 };
    cs_buf_add_byte(&there, '#');
    cs_plain_to_smallcaps(&there, parameters);
    if (!cs_smallcaps_to_plain(cs_buf_bytes(&there), &back))
        abort();
    cs_buf_fini(&there);
    cs_buf_fini(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[512];
    if (path[0] == 0) {
        const char *dir = t_tmpdir();
        (void)snprintf(path, sizeof path, "%s/a.js", dir);
        t_write_file(path, "//", 2);
        (void)snprintf(path, sizeof path, "%s/config.json", dir);
    }
    cs_config *config = NULL;
    cs_error err = { 0 };
    t_write_file(path, data, size);
    cs_status st = cs_config_load(path, &config, &err);
    if (st != CS_OK && (err.text[0] == 0 || st != CS_E_CONFIG))
        abort();
    if (st == CS_OK) {
        for (size_t i = 0; i < config->vat_count; i++)
            if (config->vats[i].parameters != NULL)
                check_parameters(config->vats[i].parameters);
        (void)cs_config_free(config);
    }
    return 0;
}
