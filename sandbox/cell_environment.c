// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cell_environment.h"
#include "base/fs.h"

#include <string.h>

enum { OBJECT_MAX_BYTES = 256 << 20, PAD_MAX_BYTES = 1 << 17 };

// Appends the names of the sanitizer run-time libraries that an object asks for. They must be loaded first.
static int
find_sanitizers(const char *path, struct buf *names, struct err *err)
{
    static const char *const libraries[] = {"libasan.so.", "libubsan.so.", "libclang_rt.asan"};
    AUTO_BUF object = BUF(OBJECT_MAX_BYTES);
    if (fs_read(path, OBJECT_MAX_BYTES, &object, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
        ptrdiff_t at = str_find(buf_str(&object), str_of(libraries[i]));
        if (at > 0 && object.ptr[at - 1] == 0)
            buf_printf(names, "%s%s", names->len ? ":" : "", object.ptr + at);
    }
    return 0;
}

static void
add(struct cell_environment *environment, const char *name, struct str value)
{
    struct buf *text = &environment->texts[environment->count];
    buf_init(text, value.len + 64);
    buf_printf(text, "%s=", name);
    buf_add_str(text, value);
    environment->strings[environment->count++] = buf_text(text);
}

// One P: collecting then takes turns with the calls, on the process's one CPU clock, instead of running
// beside them. No signals between: they would end the wait for the doorbell, which keeps that P so that
// nothing runs between batches. A panic's first line is all that is read of its text.
static void
add_managed(struct cell_environment *environment)
{
    add(environment, "GOMAXPROCS", STR("1"));
    add(environment, "GOGC", STR("100"));
    add(environment, "GODEBUG", STR("asyncpreemptoff=1"));
    add(environment, "GOTRACEBACK", STR("single"));
    add(environment, "GORACE", STR("exitcode=99 halt_on_error=1"));
}

void
cell_environment_release(struct cell_environment *environment)
{
    for (size_t i = 0; i < environment->count; i++)
        buf_release(&environment->texts[i]);
}

int
cell_environment_init(struct cell_environment *environment, const struct cell_options *options,
                      struct err *err)
{
    *environment = (struct cell_environment){0};
    AUTO_BUF pad = BUF(PAD_MAX_BYTES);
    AUTO_BUF sanitizers = BUF(4096);
    add(environment, "LANG", STR("C"));
    char *room = options->environment_bytes ? buf_extend(&pad, options->environment_bytes) : NULL;
    if (room) {
        memset(room, 'x', options->environment_bytes);
        add(environment, "PAD", buf_str(&pad));
    }
    if (options->managed) {
        add_managed(environment);
        return 0;
    }
    if (!options->sanitized)
        return 0;
    if (find_sanitizers(options->object_path, &sanitizers, err) < 0)
        return -1;
    add(environment, "LD_PRELOAD", buf_str(&sanitizers));
    add(environment, "ASAN_OPTIONS",
        STR("exitcode=99:detect_leaks=0:allocator_may_return_null=1:handle_abort=1:use_sigaltstack=0"));
    add(environment, "UBSAN_OPTIONS", STR("exitcode=99:print_stacktrace=1:halt_on_error=1"));
    return 0;
}
