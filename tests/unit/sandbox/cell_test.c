// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "sandbox/cell.h"
#include "tests/unit/sandbox/fixture.h"
#include "tests/unit/sandbox/objects.h"

#include <dlfcn.h>

// No call of a test comes near it on a busy machine, but for the one that never ends.
#define WALL_MS 20000
#define SPINNING_WALL_MS 2000

// A cell with inputs loaded.
struct bench {
    struct fixture f;
    struct calls calls;
    struct cell *cell;
    struct buf output, detail;
    enum cell_fault fault;
};

static struct cell *
start(struct fixture *f, const char *path, int64_t wall_ms, bool sanitized)
{
    struct cell_options options = {.object_path = path,
                                   .limits = {.wall_ms = wall_ms, .memory_bytes = 256 << 20},
                                   .sanitized = sanitized};
    struct cell *cell = cell_new(f->launcher, &options, &f->err);
    ck_assert_msg(cell != NULL, "%s", f->err.message);
    return cell;
}

static void
bench_init_limited(struct bench *bench, const char *source, int64_t wall_ms)
{
    *bench = (struct bench){.output = BUF(1 << 20), .detail = BUF(1 << 16)};
    fixture_init(&bench->f);
    calls_init(&bench->calls);
    bench->cell = start(&bench->f, fixture_object(&bench->f, "object.so", source), wall_ms, false);
}

static void
bench_init(struct bench *bench, const char *source)
{
    bench_init_limited(bench, source, WALL_MS);
}

static void
bench_load(struct bench *bench)
{
    OK(cell_load(bench->cell, &bench->calls.inputs, &bench->f.err), &bench->f.err);
}

static void
bench_call(struct bench *bench, size_t index)
{
    OK(cell_call(bench->cell, index, &bench->output, &bench->fault, &bench->detail, &bench->f.err),
       &bench->f.err);
}

static int64_t
bench_result(const struct bench *bench)
{
    int64_t result;
    ck_assert_int_eq(bench->fault, CELL_OK);
    ck_assert_uint_ge(bench->output.len, sizeof(result));
    memcpy(&result, bench->output.ptr, sizeof(result));
    return result;
}

static void
bench_release(struct bench *bench)
{
    cell_free(bench->cell);
    calls_release(&bench->calls);
    buf_release(&bench->output);
    buf_release(&bench->detail);
    fixture_release(&bench->f);
}

static struct cell_batch
bench_batch(struct bench *bench, size_t first, size_t count, size_t rounds)
{
    struct cell_batch batch;
    OK(cell_batch(bench->cell, first, count, rounds, &batch, &bench->f.err), &bench->f.err);
    return batch;
}

static bool
same_digest(struct cell_batch a, struct cell_batch b)
{
    return memcmp(&a.digest, &b.digest, sizeof(a.digest)) == 0;
}

START_TEST(calls_return_results)
{
    struct bench b;
    bench_init(&b, SUM_OBJECT);
    calls_add_texts(&b.calls);
    bench_load(&b);
    bench_call(&b, 1);
    ck_assert_int_eq(bench_result(&b), 'h' + 'e' + 'l' + 'l' + 'o');
    ck_assert_uint_eq(b.output.len, 8);
    bench_call(&b, 0);
    ck_assert_int_eq(bench_result(&b), 'a');
    bench_release(&b);
}
END_TEST

// The address of a buffer of `type`, modulo 16, is the result.
#define ADDRESS_OBJECT(type)                                                                 \
    OBJECT("{CELL_IN, -1, sizeof(" #type ")}, {CELL_COUNT, 0, 8}",                           \
           "int64_t f(const " #type " *p, size_t n) { return (int64_t)(uintptr_t)p % 16; }", \
           "f(s[0].p, s[1].u)")

// The set of addresses modulo 16, a bit each, that 32 calls see.
static unsigned
addresses(const char *source, bool sanitized)
{
    struct bench b;
    unsigned seen = 0;
    bench_init(&b, source);
    cell_free(b.cell);
    b.cell = start(&b.f, fs_join(&b.f.arena, b.f.folder, "object.so"), WALL_MS, sanitized);
    for (size_t i = 0; i < 32; i++) {
        calls_add_bytes(&b.calls, 2, "0123456789abcdef", 16);
        calls_next(&b.calls);
    }
    bench_load(&b);
    for (size_t i = 0; i < 32; i++) {
        bench_call(&b, i);
        int64_t first = bench_result(&b);
        bench_call(&b, i);
        ck_assert_int_eq(bench_result(&b), first);
        seen |= 1U << first;
    }
    bench_release(&b);
    return seen;
}

START_TEST(buffers_stand_where_callers_have_them)
{
    unsigned bytes = addresses(ADDRESS_OBJECT(char), false),
             words = addresses(ADDRESS_OBJECT(uint64_t), false);
    ck_assert_uint_eq(bytes & 1, 1);
    ck_assert_int_ge(__builtin_popcount(bytes), 8);
    ck_assert_uint_eq(words, 1 << 0 | 1 << 8);
    ck_assert_int_ge(__builtin_popcount(addresses(ADDRESS_OBJECT(char), true)), 8);
}
END_TEST

START_TEST(a_single_call_shows_what_must_not_happen)
{
    static const char *const bodies[] = {TEXT_OBJECT("return 7;"),
                                         TEXT_OBJECT("((char *)(void *)(uintptr_t)t)[0] ^= 1; return 7;"),
                                         TEXT_OBJECT("((char *)(void *)(uintptr_t)t)[n + 1] = 0; return 7;")};
    size_t lengths[3];
    for (size_t i = 0; i < 3; i++) {
        struct bench b;
        bench_init(&b, bodies[i]);
        calls_add_texts(&b.calls);
        bench_load(&b);
        bench_call(&b, 1);
        ck_assert_int_eq(bench_result(&b), 7);
        lengths[i] = b.output.len;
        bench_release(&b);
    }
    ck_assert_uint_eq(lengths[0], 8);
    ck_assert_uint_gt(lengths[1], 8);
    ck_assert_uint_gt(lengths[2], 8);
}
END_TEST

// CPU time of the least disturbed of five batches.
static int64_t
least_cpu_ns(struct bench *bench, size_t rounds)
{
    int64_t least = INT64_MAX;
    for (int i = 0; i < 5; i++) {
        int64_t cpu_ns = bench_batch(bench, 0, 3, rounds).cpu_ns;
        least = cpu_ns < least ? cpu_ns : least;
    }
    return least;
}

START_TEST(batches_are_steady_and_timed)
{
    struct bench b;
    bench_init(&b, SUM_OBJECT);
    calls_add_texts(&b.calls);
    bench_load(&b);
    struct cell_batch one = bench_batch(&b, 0, 3, 1000), ten = bench_batch(&b, 0, 3, 10000), empty;
    ck_assert(same_digest(one, bench_batch(&b, 0, 3, 1000)));
    ck_assert(!same_digest(one, bench_batch(&b, 0, 3, 999)));
    ck_assert(!same_digest(one, bench_batch(&b, 1, 3, 1000)));
    ck_assert_int_gt(one.cpu_ns, 3000);
    ck_assert_int_gt(least_cpu_ns(&b, 10000), least_cpu_ns(&b, 1000) * 4);
    ck_assert_int_ge(ten.wall_ns * 2, ten.cpu_ns);
    ck_assert_int_gt(cell_cpu_ns(b.cell), ten.cpu_ns);
    int64_t empty_ns = INT64_MAX;
    for (int i = 0; i < 5; i++) {
        OK(cell_empty(b.cell, 0, 3, 10000, &empty, &b.f.err), &b.f.err);
        empty_ns = empty.cpu_ns < empty_ns ? empty.cpu_ns : empty_ns;
    }
    ck_assert_int_lt(empty_ns, ten.cpu_ns);
    bench_release(&b);
}
END_TEST

START_TEST(large_batches_run_in_parts)
{
    struct bench b;
    bench_init(&b, SUM_OBJECT);
    static char text[1 << 20];
    memset(text, 'x', sizeof(text) - 1);
    calls_add_text(&b.calls, text);
    calls_add_text(&b.calls, "short");
    bench_load(&b);
    struct cell_batch a = bench_batch(&b, 0, 2, 40), again = bench_batch(&b, 0, 2, 40);
    ck_assert_uint_gt(a.parts, 1);
    ck_assert(same_digest(a, again));
    bench_release(&b);
}
END_TEST

// void-like f(out, capacity, k): k < 1000 sets byte k of the output, which is otherwise all zero.
#define OUT_OBJECT                                                                                         \
    OBJECT(                                                                                                \
        "{CELL_OUT, -1, 1}, {CELL_COUNT, 0, 8}, {CELL_SCALAR, -1, 8, 1}",                                  \
        "int64_t f(char *o, size_t n, int64_t k) { memset(o, 0, n); if (k < 1000) o[k] ^= 1; return 7; }", \
        "f(s[0].p, s[1].u, s[2].i)")

static void
add_out_call(struct bench *b, uint64_t capacity, int64_t k)
{
    calls_add_bytes(&b->calls, capacity, "", 0);
    buf_add_u64(&b->calls.bytes, (uint64_t)k);
    calls_next(&b->calls);
}

// 41: the last byte stands alone behind the words.
START_TEST(digest_sees_every_byte)
{
    struct bench b;
    struct cell_batch batches[42];
    bench_init(&b, OUT_OBJECT);
    for (int64_t k = 0; k < 41; k++)
        add_out_call(&b, 41, k);
    add_out_call(&b, 41, 1000);
    bench_load(&b);
    for (size_t i = 0; i < 42; i++) {
        batches[i] = bench_batch(&b, i, 1, 3);
        for (size_t j = 0; j < i; j++)
            ck_assert_msg(!same_digest(batches[i], batches[j]), "%zu and %zu", i, j);
    }
    bench_release(&b);
}
END_TEST

START_TEST(outputs_are_poisoned)
{
    struct bench b;
    bench_init(&b, OBJECT("{CELL_OUT, -1, 2}, {CELL_COUNT, 0, 8}, {CELL_SCALAR, -1, 8, 1}",
                          "int64_t f(char *o, size_t n, int64_t k) { o[k] = 1; return (int64_t)n; }",
                          "f(s[0].p, s[1].u, s[2].i)"));
    add_out_call(&b, 3, 2);
    bench_load(&b);
    bench_batch(&b, 0, 1, 10);
    bench_call(&b, 0);
    ck_assert_int_eq(bench_result(&b), 3);
    ck_assert_uint_eq(b.output.len, 8 + 8 + 6);
    ck_assert_mem_eq(b.output.ptr + 8, "\6\0\0\0\0\0\0\0\xA5\xA5\1\xA5\xA5\xA5", 14);
    bench_release(&b);
}
END_TEST

START_TEST(length_comes_from_result)
{
    struct bench b;
    bench_init(&b, OBJECT("{CELL_OUT, -1, 1, 0, 0, 1}, {CELL_COUNT, 0, 8}, {CELL_SCALAR, -1, 8, 1}",
                          "int64_t f(char *o, size_t n, int64_t k) { memcpy(o, \"abcd\", 4); return k; }",
                          "f(s[0].p, s[1].u, s[2].i)"));
    static const size_t lengths[] = {2, 0, 4};
    add_out_call(&b, 4, 2);
    add_out_call(&b, 4, -1);
    add_out_call(&b, 4, 100);
    bench_load(&b);
    for (size_t i = 0; i < 3; i++) {
        bench_call(&b, i);
        ck_assert_uint_eq(b.output.len, 16 + lengths[i]);
    }
    bench_release(&b);
}
END_TEST

START_TEST(in_out_is_restored)
{
    struct bench b;
    static const int32_t values[3] = {5, 6, 7};
    bench_init(&b, OBJECT("{CELL_INOUT, -1, 4, 1}, {CELL_COUNT, 0, 8}",
                          "int64_t f(int *v, size_t n) { int64_t s = 0; while (n--) s += v[n]++; return s; }",
                          "f(s[0].p, s[1].u)"));
    calls_add_bytes(&b.calls, 3, values, sizeof(values));
    calls_next(&b.calls);
    bench_load(&b);
    bench_batch(&b, 0, 1, 100);
    for (int i = 0; i < 3; i++) {
        bench_call(&b, 0);
        ck_assert_int_eq(bench_result(&b), 18);
        ck_assert_mem_eq(b.output.ptr + 16, ((int32_t[]){6, 7, 8}), 12);
    }
    bench_release(&b);
}
END_TEST

START_TEST(writing_const_input_shows)
{
    struct bench b;
    struct cell_batch batches[2];
    static const char *const sources[] = {TEXT_OBJECT("return 1;"),
                                          TEXT_OBJECT("*(char *)t ^= 1; return 1;")};
    for (size_t i = 0; i < 2; i++) {
        bench_init(&b, sources[i]);
        calls_add_texts(&b.calls);
        bench_load(&b);
        batches[i] = bench_batch(&b, 0, 2, 3);
        bench_release(&b);
    }
    ck_assert(!same_digest(batches[0], batches[1]));
}
END_TEST

START_TEST(writing_behind_a_buffer_shows)
{
    struct bench b;
    struct cell_batch batches[2];
    static const char *const sources[] = {
        OBJECT("{CELL_OUT, -1, 1}, {CELL_COUNT, 0, 8}",
               "int64_t f(char *o, size_t n) { memset(o, 1, n); return 1; }", "f(s[0].p, s[1].u)"),
        OBJECT("{CELL_OUT, -1, 1}, {CELL_COUNT, 0, 8}",
               "int64_t f(char *o, size_t n) { memset(o, 1, n + 1); return 1; }", "f(s[0].p, s[1].u)"),
    };
    for (size_t i = 0; i < 2; i++) {
        bench_init(&b, sources[i]);
        calls_add_bytes(&b.calls, 5, "", 0);
        calls_next(&b.calls);
        bench_load(&b);
        batches[i] = bench_batch(&b, 0, 1, 2);
        bench_release(&b);
    }
    ck_assert(!same_digest(batches[0], batches[1]));
}
END_TEST

START_TEST(every_kind_of_argument_arrives)
{
    struct bench b;
    static const int16_t values[3] = {-5, 6, 700};
    static const double factor = 2.5;
    bench_init(
        &b,
        OBJECT("{CELL_IN, -1, 2, 1}, {CELL_COUNT, 0, 8}, {CELL_SCALAR, -1, 8, 1, 1}, {CELL_SCALAR, -1, 4, 1}",
               "int64_t f(const short *v, size_t n, double d, int k)"
               "{ double s = k; while (n--) s += d * v[n]; return (int64_t)s; }",
               "f(s[0].p, s[1].u, s[2].d, (int)s[3].i)"));
    calls_add_bytes(&b.calls, 3, values, sizeof(values));
    buf_add(&b.calls.bytes, &factor, 8);
    buf_add_u64(&b.calls.bytes, (uint64_t)-100);
    calls_next(&b.calls);
    bench_load(&b);
    bench_call(&b, 0);
    ck_assert_int_eq(bench_result(&b), (int64_t)(2.5 * 701) - 100);
    bench_release(&b);
}
END_TEST

// Remembers by the pointer what it returned: wrong as soon as another text stands there.
START_TEST(addresses_change_between_batches)
{
    struct bench b;
    bench_init(&b, TEXT_OBJECT("static const char *seen; int again = seen == t; seen = t; return again;"));
    calls_add_text(&b.calls, "x");
    bench_load(&b);
    int64_t repeated = 0;
    for (int i = 0; i < 20; i++) {
        bench_call(&b, 0);
        repeated += bench_result(&b);
    }
    ck_assert_int_lt(repeated, 2);
    bench_release(&b);
}
END_TEST

START_TEST(crash_is_reported)
{
    struct bench b;
    bench_init(&b, TEXT_OBJECT("if (n == 5) *(volatile int *)8 = 1; return 1;"));
    calls_add_texts(&b.calls);
    bench_load(&b);
    bench_call(&b, 0);
    ck_assert_int_eq(b.fault, CELL_OK);
    bench_call(&b, 1);
    ck_assert_int_eq(b.fault, CELL_CRASHED);
    ck_assert_msg(strstr(buf_text(&b.detail), "signal 11"), "%s", buf_text(&b.detail));
    bench_release(&b);
}
END_TEST

START_TEST(crash_in_a_batch_is_reported)
{
    struct bench b;
    bench_init(&b, TEXT_OBJECT("abort();"));
    calls_add_texts(&b.calls);
    bench_load(&b);
    ck_assert_int_eq(bench_batch(&b, 0, 1, 1).fault, CELL_CRASHED);
    ck_assert_msg(strstr(cell_fault_text(b.cell), "signal 6"), "%s", cell_fault_text(b.cell));
    bench_release(&b);
}
END_TEST

START_TEST(early_exit_is_a_fault)
{
    struct bench b;
    bench_init(&b, TEXT_OBJECT("_exit(0);"));
    calls_add_texts(&b.calls);
    bench_load(&b);
    bench_call(&b, 0);
    ck_assert_int_eq(b.fault, CELL_CRASHED);
    ck_assert_msg(strstr(buf_text(&b.detail), "code 0"), "%s", buf_text(&b.detail));
    bench_release(&b);
}
END_TEST

START_TEST(spinning_is_killed)
{
    struct bench b;
    bench_init_limited(&b, TEXT_OBJECT("signal(SIGTERM, SIG_IGN); for (volatile int i = 1; i;) ; return 0;"),
                       SPINNING_WALL_MS);
    calls_add_texts(&b.calls);
    bench_load(&b);
    int64_t start_ns = clock_mono_ns();
    bench_call(&b, 0);
    int64_t took_ms = (clock_mono_ns() - start_ns) / CLOCK_MS_NS;
    ck_assert_int_eq(b.fault, CELL_TIMED_OUT);
    ck_assert_int_ge(took_ms, SPINNING_WALL_MS);
    ck_assert_int_lt(took_ms, SPINNING_WALL_MS + 15000);
    bench_release(&b);
}
END_TEST

START_TEST(what_does_not_load_is_the_targets_fault)
{
    struct fixture f;
    fixture_init(&f);
    static const char *const sources[] = {
        "int nothing;",
        "extern int missing(void); int f(void) { return missing(); }",
        "#include <stdlib.h>\n__attribute__((constructor)) static void c(void) { abort(); }",
    };
    static const char *const texts[] = {"atoll_parameters", "missing", "signal 6"};
    for (size_t i = 0; i < 3; i++) {
        struct cell_options options = {.object_path = fixture_object(&f, "bad.so", sources[i])};
        ck_assert_ptr_null(cell_new(f.launcher, &options, &f.err));
        ck_assert_int_eq(f.err.kind, ERR_TARGET);
        ck_assert_msg(strstr(f.err.message, texts[i]), "%s", f.err.message);
    }
    fixture_release(&f);
}
END_TEST

START_TEST(malformed_input_is_refused)
{
    struct bench b;
    bench_init(&b, SUM_OBJECT);
    calls_add_bytes(&b.calls, 1000, "short", 6);
    calls_next(&b.calls);
    ck_assert_int_eq(cell_load(b.cell, &b.calls.inputs, &b.f.err), -1);
    ck_assert_msg(strstr(b.f.err.message, "input 0"), "%s", b.f.err.message);
    bench_release(&b);
}
END_TEST

START_TEST(memory_is_limited)
{
    struct bench b;
    bench_init(&b, TEXT_OBJECT("return malloc((size_t)1 << 30) == NULL;"));
    calls_add_texts(&b.calls);
    bench_load(&b);
    bench_call(&b, 0);
    ck_assert_int_eq(bench_result(&b), 1);
    bench_release(&b);
}
END_TEST

START_TEST(sanitizer_reports)
{
    struct bench b;
    static const char *const flags[] = {
        "-shared", "-fPIC", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", NULL};
    bench_init(&b, SUM_OBJECT);
    calls_add_texts(&b.calls);
    char *path = fixture_compile(
        &b.f, "overflow.so",
        TEXT_OBJECT("int v = 2147483647; if (n == 1) return v + (int)n; return t[n + 1];"), flags);
    for (size_t i = 0; i < 2; i++) {
        cell_free(b.cell);
        b.cell = start(&b.f, path, WALL_MS, true);
        bench_load(&b);
        bench_call(&b, i);
        ck_assert_int_eq(b.fault, CELL_SANITIZER);
        ck_assert_msg(
            strstr(buf_text(&b.detail), i == 0 ? "signed integer overflow" : "heap-buffer-overflow"), "%s",
            buf_text(&b.detail));
    }
    bench_release(&b);
}
END_TEST

// f(k): tries attack k and returns the errno that it got, 0 when it succeeded.
static const char attack_source[] = OBJECT("{CELL_SCALAR, -1, 8, 1}", "static int born = -1;\
    __attribute__((constructor)) static void early(void) { pid_t p = fork(); if (p == 0) _exit(0); born = p < 0 ? errno : 0; }\
    static void *idle(void *a) { return a; }\
    int64_t f(int64_t k) {\
        pthread_t t; pid_t p; int fd;\
        char *args[] = {\"/bin/true\", NULL};\
        errno = 0;\
        switch (k) {\
        case 0: return born;\
        case 1: p = fork(); if (p == 0) _exit(0); return p < 0 ? errno : 0;\
        case 2: return pthread_create(&t, NULL, idle, NULL);\
        case 3: fd = socket(AF_INET, SOCK_DGRAM, 0); return fd < 0 ? errno : 0;\
        case 4: p = vfork(); if (p == 0) _exit(0); return p < 0 ? errno : 0;\
        case 5: return kill(getppid(), 0) < 0 ? errno : 0;\
        case 6: fd = open(\"/tmp/atoll-test-planted\", O_WRONLY | O_CREAT, 0600);\
                if (fd >= 0) unlink(\"/tmp/atoll-test-planted\"); return fd < 0 ? errno : 0;\
        case 7: return getenv(\"ATOLL_TEST_SECRET\") ? 0 : 1;\
        case 8: fd = memfd_create(\"x\", 0); return fchmod(fd, 0600) < 0 ? errno : 0;\
        case 9: return nice(1) < 0 ? errno : 0;\
        default: execv(args[0], args); return errno;\
        } }",
                                           "f(s[0].i)");

enum { ATTACKS = 10 };

static int64_t
attack_without_sandbox(const char *path, int64_t k)
{
    typedef int64_t attack_fn(int64_t k);
    void *handle = dlopen(path, RTLD_NOW);
    ck_assert_msg(handle != NULL, "%s", dlerror());
    return ((attack_fn *)(uintptr_t)dlsym(handle, "f"))(k);
}

START_TEST(attacks_are_refused)
{
    struct bench b;
    setenv("ATOLL_TEST_SECRET", "planted", 1);
    bench_init(&b, attack_source);
    for (int64_t k = 0; k <= ATTACKS; k++) {
        buf_add_u64(&b.calls.bytes, (uint64_t)k);
        calls_next(&b.calls);
    }
    bench_load(&b);
    char *path = fs_join(&b.f.arena, b.f.folder, "object.so");
    for (int64_t k = 0; k <= ATTACKS; k++) {
        bench_call(&b, (size_t)k);
        ck_assert_msg(bench_result(&b) > 0, "attack %d succeeded", (int)k);
        if (k < ATTACKS)
            ck_assert_msg(attack_without_sandbox(path, k) == 0, "attack %d fails without a sandbox too",
                          (int)k);
    }
    bench_release(&b);
}
END_TEST

UNIT_MAIN("sandbox/cell", buffers_stand_where_callers_have_them, a_single_call_shows_what_must_not_happen,
          calls_return_results, batches_are_steady_and_timed, large_batches_run_in_parts,
          digest_sees_every_byte, outputs_are_poisoned, length_comes_from_result, in_out_is_restored,
          writing_const_input_shows, writing_behind_a_buffer_shows, every_kind_of_argument_arrives,
          addresses_change_between_batches, crash_is_reported, crash_in_a_batch_is_reported,
          early_exit_is_a_fault, spinning_is_killed, what_does_not_load_is_the_targets_fault,
          malformed_input_is_refused, memory_is_limited, sanitizer_reports, attacks_are_refused)
