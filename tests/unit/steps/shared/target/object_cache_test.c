// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/object_cache.h"

#include "base/fs.h"
#include "tests/unit/unit.h"

struct shelf {
    struct arena arena;
    struct err err;
    char *folder, *out;
    struct object_cache *cache;
};

#define OK(shelf, call) ck_assert_msg((call) == 0, "%s", (shelf)->err.message)

static char *
in(struct shelf *s, const char *name)
{
    return fs_join(&s->arena, s->folder, name);
}

static void
put(struct shelf *s, const char *name, const char *text)
{
    OK(s, fs_write(in(s, name), str_of(text), &s->err));
}

static void
shelf_init(struct shelf *s, size_t max_bytes)
{
    *s = (struct shelf){0};
    s->folder = fs_temp_dir(&s->arena, NULL, "objects", &s->err);
    ck_assert_msg(s->folder != NULL, "%s", s->err.message);
    s->out = in(s, "out.o");
    s->cache = object_cache_new(in(s, "kept"), max_bytes);
    put(s, "a.h", "1");
    put(s, "with blank.h", "2");
    put(s, "x.d", arena_printf(&s->arena, "x.o: %s a.h \\\n with\\ blank.h\n", in(s, "x.c")));
    put(s, "x.o", "object");
}

static void
shelf_release(struct shelf *s)
{
    object_cache_free(s->cache);
    ck_assert(!fs_exists(in(s, "kept")));
    OK(s, fs_remove_tree(s->folder, &s->err));
    arena_release(&s->arena);
}

static void
keep(struct shelf *s, const char *text)
{
    struct hash key = hash_of(text, strlen(text));
    object_cache_keep(s->cache, &key, in(s, "x.o"), in(s, "x.d"), s->folder, in(s, "x.c"));
}

static bool
take(struct shelf *s, const char *text)
{
    struct hash key = hash_of(text, strlen(text));
    return object_cache_take(s->cache, &key, s->out);
}

START_TEST(an_object_comes_back)
{
    struct shelf s;
    AUTO_BUF found = BUF(100);
    shelf_init(&s, 1000);
    ck_assert(!take(&s, "one"));
    keep(&s, "one");
    put(&s, "x.o", "changed later");
    ck_assert(!take(&s, "two"));
    ck_assert(take(&s, "one"));
    OK(&s, fs_read(s.out, 100, &found, &s.err));
    ck_assert_str_eq(buf_text(&found), "object");
    struct object_cache_counts counts = object_cache_counts(s.cache);
    ck_assert(counts.hits == 1 && counts.misses == 2 && counts.objects == 1 && counts.bytes == 6);
    shelf_release(&s);
}
END_TEST

START_TEST(a_changed_header_makes_it_stale)
{
    static const char *const headers[] = {"a.h", "with blank.h"};
    struct shelf s;
    shelf_init(&s, 1000);
    for (size_t i = 0; i < 2; i++) {
        keep(&s, "one");
        ck_assert(take(&s, "one"));
        put(&s, headers[i], "other");
        ck_assert_msg(!take(&s, "one"), "%s", headers[i]);
        ck_assert_uint_eq(object_cache_counts(s.cache).objects, 0);
    }
    keep(&s, "one");
    put(&s, "x.c", "int x;"); // is in the key
    ck_assert(take(&s, "one"));
    OK(&s, fs_remove_tree(in(&s, "a.h"), &s.err));
    ck_assert(!take(&s, "one"));
    shelf_release(&s);
}
END_TEST

START_TEST(the_oldest_make_room)
{
    struct shelf s;
    struct fs_list kept;
    shelf_init(&s, 20);
    static const char *const names[] = {"one", "two", "three", "four"};
    for (size_t i = 0; i < 4; i++)
        keep(&s, names[i]);
    ck_assert(!take(&s, "one"));
    for (size_t i = 1; i < 4; i++)
        ck_assert(take(&s, names[i]));
    OK(&s, fs_glob(&s.arena, in(&s, "kept/*"), &kept, &s.err));
    ck_assert_uint_eq(kept.count, 3);
    ck_assert_uint_eq(object_cache_counts(s.cache).bytes, 18);
    put(&s, "x.o", "larger than all that may be kept");
    keep(&s, "five");
    ck_assert(!take(&s, "five"));
    shelf_release(&s);
}
END_TEST

START_TEST(without_a_rule_nothing_is_kept)
{
    static const char *const rules[] = {"", "no rule", "x.o: none.h\n"};
    struct shelf s;
    shelf_init(&s, 1000);
    for (size_t i = 0; i < 3; i++) {
        put(&s, "x.d", rules[i]);
        keep(&s, "one");
        ck_assert(!take(&s, "one"));
    }
    OK(&s, fs_remove_tree(in(&s, "x.d"), &s.err));
    keep(&s, "one");
    ck_assert(!take(&s, "one"));
    shelf_release(&s);
}
END_TEST

UNIT_MAIN("steps/shared/target/object_cache", an_object_comes_back, a_changed_header_makes_it_stale,
          the_oldest_make_room, without_a_rule_nothing_is_kept)
