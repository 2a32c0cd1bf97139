// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/shim.h"

#include "base/fs.h"
#include "base/proc.h"
#include "tests/unit/steps/shared/target/source.h"

#include <dlfcn.h>

typedef void batch_fn(const union cell_slot *slots, size_t stride, size_t count, union cell_slot *results);

struct object {
    struct arena arena;
    char *folder;
    void *handle;
    const struct cell_parameter *parameters;
    const int32_t *result_kind;
    batch_fn *batch, *empty;
    const int *calls; // the target counts them
};

static void
compile(struct object *object, const char *const *argv)
{
    struct proc_spec spec = {.argv = argv, .cwd = object->folder, .merge_stderr = true};
    AUTO_PROC_RESULT result = {0};
    struct err err;

    ck_assert_int_eq(proc_run(&spec, &result, &err), 0);
    ck_assert_msg(result.exit_code == 0, "%s", buf_text(&result.out));
}

// Compiles a file whose last function is the target `f`, with its shim; the shim must be free of warnings.
static struct object
object_of(const char *text)
{
    struct object object = {0};
    struct err err;
    AUTO_SOURCE source = source_of(text);
    AUTO_BUF shim = BUF(1 << 16);
    AUTO_BUF file = BUF(1 << 16);
    struct function function;
    struct signature signature;

    ck_assert_int_eq(function_find(&source.arena, source.syntax, "f", &function, &err), 0);
    ck_assert_msg(signature_infer(&source.arena, source.syntax, &function, NULL, &signature, &err) == 0, "%s",
                  err.message);
    shim_write(&signature, "f", &shim);
    buf_printf(&file,
               "#include <stdint.h>\n#include <stddef.h>\n#include <stdbool.h>\nint calls;\n%s\n"
               "void *const atoll_target = (void *)f;\n",
               text);
    object.folder = fs_temp_dir(&object.arena, NULL, "shim", &err);
    ck_assert_ptr_nonnull(object.folder);
    ck_assert_int_eq(fs_write(fs_join(&object.arena, object.folder, "shim.c"), buf_str(&shim), &err), 0);
    ck_assert_int_eq(fs_write(fs_join(&object.arena, object.folder, "f.c"), buf_str(&file), &err), 0);
    compile(&object,
            (const char *[]){"cc", "-O2", "-fPIC", "-Wall", "-Wextra", "-Werror", "-c", "shim.c", NULL});
    compile(&object,
            (const char *[]){"cc", "-O2", "-fPIC", "-w", "-shared", "-o", "f.so", "f.c", "shim.o", NULL});
    object.handle = dlopen(fs_join(&object.arena, object.folder, "f.so"), RTLD_NOW | RTLD_LOCAL);
    ck_assert_msg(object.handle != NULL, "%s", dlerror());
    object.parameters = dlsym(object.handle, "atoll_parameters");
    object.result_kind = dlsym(object.handle, "atoll_result_kind");
    object.batch = (batch_fn *)(uintptr_t)dlsym(object.handle, "atoll_batch");
    object.empty = (batch_fn *)(uintptr_t)dlsym(object.handle, "atoll_empty");
    object.calls = dlsym(object.handle, "calls");
    ck_assert(object.parameters && object.result_kind && object.batch && object.empty && object.calls);
    return object;
}

static void
object_release(struct object *object)
{
    struct err err;

    dlclose(object->handle);
    ck_assert_int_eq(fs_remove_tree(object->folder, &err), 0);
    arena_release(&object->arena);
}

#define AUTO_OBJECT __attribute__((cleanup(object_release))) struct object

START_TEST(describes_parameters)
{
    AUTO_OBJECT object =
        object_of("size_t f(const short *in, size_t n, float *out, size_t cap, const char *s, double d) {\n"
                  "  size_t k = 0; while (k < n && k < cap && *s) { out[k] = in[k] * d; k++; s++; }\n"
                  "  return k; }");
    const struct cell_parameter *p = object.parameters;

    ck_assert(p[0].kind == CELL_IN && p[0].size == 2 && p[0].is_signed && !p[0].is_real && p[0].of == -1);
    ck_assert(p[1].kind == CELL_COUNT && p[1].of == 0 && p[1].size == 8 && !p[1].is_signed);
    ck_assert(p[2].kind == CELL_OUT && p[2].size == 4 && p[2].is_real && p[2].length_from_result);
    ck_assert(p[3].kind == CELL_COUNT && p[3].of == 2);
    ck_assert(p[4].kind == CELL_TEXT && p[4].size == 1 && !p[4].length_from_result);
    ck_assert(p[5].kind == CELL_SCALAR && p[5].size == 8 && p[5].is_real);
    ck_assert_int_eq(p[6].kind, CELL_END);
    ck_assert_int_eq(*object.result_kind, CELL_SCALAR);
}
END_TEST

START_TEST(calls_once_a_slot_row)
{
    AUTO_OBJECT object = object_of("uint32_t f(const uint8_t *in, size_t n, uint32_t *total) {\n"
                                   "  uint32_t s = 0; calls++; for (size_t i = 0; i < n; i++) s += in[i];\n"
                                   "  *total += s; return s; }");
    uint8_t a[] = {1, 2, 3}, b[] = {250, 250};
    uint32_t totals[] = {10, 20};
    union cell_slot slots[] = {{.p = a}, {.u = 3}, {.p = &totals[0]}, {.p = b}, {.u = 2}, {.p = &totals[1]}};
    union cell_slot results[3] = {{.u = 7}, {.u = 7}, {.u = 7}};

    object.batch(slots, 3, 2, results);
    ck_assert_int_eq(*object.calls, 2);
    ck_assert(results[0].u == 6 && results[1].u == 500 && results[2].u == 7);
    ck_assert(totals[0] == 16 && totals[1] == 520);
    object.empty(slots, 3, 2, results);
    ck_assert_int_eq(*object.calls, 2);
    ck_assert(totals[0] == 16);
    object.batch(slots, 3, 0, results);
    ck_assert_int_eq(*object.calls, 2);
}
END_TEST

static union cell_slot
call(const char *text, const union cell_slot *slots, size_t stride)
{
    AUTO_OBJECT object = object_of(text);
    union cell_slot result = {.u = 0x5555555555555555};

    object.batch(slots, stride, 1, &result);
    return result;
}

START_TEST(converts_every_type)
{
    union cell_slot minus[] = {{.i = -2}};
    union cell_slot half[] = {{.d = 0.5}};
    union cell_slot large[] = {{.u = UINT64_MAX}};

    ck_assert_int_eq(call("int f(signed char x) { return x; }", minus, 1).i, -2);
    ck_assert_int_eq(call("short f(short x) { return x - 1; }", minus, 1).i, -3);
    ck_assert_int_eq(call("int64_t f(int64_t x) { return x; }", minus, 1).i, -2);
    ck_assert_uint_eq(call("unsigned char f(unsigned char x) { return x; }", minus, 1).u, 254);
    ck_assert_uint_eq(call("uint32_t f(uint32_t x) { return x; }", large, 1).u, UINT32_MAX);
    ck_assert_uint_eq(call("uint64_t f(uint64_t x) { return x; }", large, 1).u, UINT64_MAX);
    ck_assert_uint_eq(call("_Bool f(_Bool x) { return x; }", minus, 1).u, 1);
    ck_assert_double_eq(call("float f(float x) { return x * 3; }", half, 1).d, 1.5);
    ck_assert_double_eq(call("double f(double x) { return -x; }", half, 1).d, -0.5);
    ck_assert_int_eq(call("enum e { A = -1, B }; enum e f(enum e x) { return x + 1; }", minus, 1).i, -1);
    ck_assert_uint_eq(call("void f(int x) { calls++; }", minus, 1).u, 0);
    ck_assert_uint_eq(call("unsigned f(void) { return 3000000000u; }", NULL, 0).u, 3000000000u);
}
END_TEST

START_TEST(void_results_say_so)
{
    AUTO_OBJECT object = object_of("void f(int *x) { *x = 1; }");

    ck_assert_int_eq(*object.result_kind, CELL_END);
    AUTO_OBJECT none = object_of("int f(void) { return 1; }");
    ck_assert_int_eq(none.parameters[0].kind, CELL_END);
    ck_assert_int_eq(*none.result_kind, CELL_SCALAR);
}
END_TEST

START_TEST(empty_loop_survives_optimisation)
{
    AUTO_OBJECT object = object_of("double f(double a, int b, const char *s) { return *s ? a : b; }");
    union cell_slot slots[] = {{.d = 1}, {.i = 1}, {.p = NULL}};
    union cell_slot results[1] = {{.u = 9}};

    object.empty(slots, 3, 1, results);
    ck_assert_uint_eq(results[0].u, 0);
}
END_TEST

UNIT_MAIN("steps/shared/target/shim", describes_parameters, calls_once_a_slot_row, converts_every_type,
          void_results_say_so, empty_loop_survives_optimisation)
