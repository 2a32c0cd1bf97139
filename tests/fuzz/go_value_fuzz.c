// SPDX-License-Identifier: Apache-2.0
// Any bytes as a call and as an output of a Go function that has a value of every kind; a call that can be
// encoded comes back as it was.
#include "steps/shared/target/go/value.h"

#include <stdlib.h>

enum { CALL_BYTES = 1 << 20 };

static const char table[] =
    "{\"arguments\": [0, 9], \"results\": [0, 8], \"types\": ["
    "{\"name\": \"*m.all\", \"kind\": \"pointer\", \"element\": 1},"
    "{\"name\": \"m.all\", \"kind\": \"struct\", \"fields\": [{\"name\": \"next\", \"type\": 0},"
    "{\"name\": \"on\", \"type\": 2}, {\"name\": \"m\", \"type\": 3}, {\"name\": \"e\", \"type\": 8},"
    "{\"name\": \"none\", \"type\": 10}, {\"name\": \"c\", \"type\": 12}]},"
    "{\"name\": \"bool\", \"kind\": \"bool\"},"
    "{\"name\": \"map[string][][2]int16\", \"kind\": \"map\", \"key\": 4, \"element\": 5},"
    "{\"name\": \"string\", \"kind\": \"string\"},"
    "{\"name\": \"[][2]int16\", \"kind\": \"slice\", \"element\": 6},"
    "{\"name\": \"[2]int16\", \"kind\": \"array\", \"length\": 2, \"element\": 7},"
    "{\"name\": \"int16\", \"kind\": \"int\", \"bits\": 16},"
    "{\"name\": \"error\", \"kind\": \"error\"},"
    "{\"name\": \"[]uint8\", \"kind\": \"slice\", \"element\": 13},"
    "{\"name\": \"[]struct {}\", \"kind\": \"slice\", \"element\": 11},"
    "{\"name\": \"struct {}\", \"kind\": \"struct\", \"fields\": []},"
    "{\"name\": \"complex64\", \"kind\": \"complex\", \"bits\": 64},"
    "{\"name\": \"uint8\", \"kind\": \"uint\", \"bits\": 8}]}";

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

// What was read comes back as the same bytes.
static void
return_call(const struct go_signature *signature, const json_t *call)
{
    AUTO_BUF once = BUF(CALL_BYTES), twice = BUF(CALL_BYTES);
    struct err err;
    if (go_value_encode(signature, call, "fuzz", &once, &err) != 0 || once.full)
        return;
    AUTO_JSON *back = go_value_decode(signature, buf_str(&once));
    if (go_value_encode(signature, back, "fuzz", &twice, &err) != 0 ||
        !str_eq(buf_str(&once), buf_str(&twice)))
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    AUTO_ARENA arena = {0};
    struct go_signature signature;
    struct err err;
    struct str text = str_n((const char *)bytes, size);
    static struct go_parameter parameters[] = {{.name = "x"}, {.name = "y"}};
    struct go_function function = {.parameters = parameters, .parameter_count = 2};
    if (go_signature_read(&arena, str_of(table), &function, "fuzz", &signature, &err) != 0)
        abort();
    AUTO_JSON *call = go_value_decode(&signature, text), *output = go_value_output(&signature, text);
    char *shown = json_canonical(output);
    free(shown);
    return_call(&signature, call);
    return 0;
}
