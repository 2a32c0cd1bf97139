// SPDX-License-Identifier: Apache-2.0
#include "base/map.h"
#include "tests/unit/unit.h"

#include <stdio.h>

START_TEST(sets_gets_and_replaces)
{
    AUTO_MAP map = {0};
    int one = 1, two = 2;
    ck_assert_ptr_null(map_get(&map, STR("a")));
    ck_assert(!map_has(&map, STR("a")));
    map_set(&map, STR("a"), &one);
    map_set(&map, STR("b"), NULL);
    ck_assert_ptr_eq(map_get(&map, STR("a")), &one);
    ck_assert(map_has(&map, STR("b")) && map_get(&map, STR("b")) == NULL);
    ck_assert(!map_has(&map, STR("c")));
    map_set(&map, STR("a"), &two);
    ck_assert_ptr_eq(map_get(&map, STR("a")), &two);
    ck_assert_uint_eq(map.count, 2);
}
END_TEST

START_TEST(keys_are_bytes)
{
    AUTO_MAP map = {0};
    int values[5];
    struct str keys[] = {STR(""), STR("\0"), STR("\0\0"), STR("a\0b"), STR("a\0c")};
    for (size_t i = 0; i < 5; i++)
        map_set(&map, keys[i], &values[i]);
    for (size_t i = 0; i < 5; i++)
        ck_assert_ptr_eq(map_get(&map, keys[i]), &values[i]);
    ck_assert_ptr_eq(map_get(&map, str_n(NULL, 0)), &values[0]);
    ck_assert(!map_has(&map, STR("a")));
}
END_TEST

START_TEST(keys_are_copied_and_terminated)
{
    AUTO_MAP map = {0};
    char key[] = "key";
    map_set(&map, str_n(key, 2), key);
    key[0] = 'x';
    ck_assert_ptr_eq(map_get(&map, STR("ke")), key);
    ck_assert_str_eq(map.entries[0].key.ptr, "ke");
}
END_TEST

START_TEST(grows_and_keeps_insertion_order)
{
    enum { KEYS = 30000 };
    AUTO_MAP map = {0};
    char key[32];
    for (uintptr_t i = 0; i < KEYS; i++) {
        snprintf(key, sizeof(key), "function_%lu", (unsigned long)i * 7919);
        map_set(&map, str_of(key), (void *)(i + 1));
    }
    ck_assert_uint_eq(map.count, KEYS);
    ck_assert_uint_ge(map.slot_count, 2 * map.count);
    for (uintptr_t i = 0; i < KEYS; i++) {
        snprintf(key, sizeof(key), "function_%lu", (unsigned long)i * 7919);
        ck_assert_uint_eq((uintptr_t)map_get(&map, str_of(key)), i + 1);
        ck_assert(str_is(map.entries[i].key, key));
        snprintf(key, sizeof(key), "function_%lu", (unsigned long)i * 7919 + 1);
        ck_assert(!map_has(&map, str_of(key)));
    }
}
END_TEST

START_TEST(a_slot_counts)
{
    AUTO_MAP map = {0};
    static const char *const words[] = {"a", "b", "a", "c", "a", "b"};
    for (size_t i = 0; i < 6; i++) {
        void **slot = map_slot(&map, str_of(words[i]));
        *slot = (void *)((uintptr_t)*slot + 1);
    }
    ck_assert_uint_eq(map.count, 3);
    ck_assert_uint_eq((uintptr_t)map_get(&map, STR("a")), 3);
    ck_assert_uint_eq((uintptr_t)map_get(&map, STR("b")), 2);
    ck_assert_uint_eq((uintptr_t)map_get(&map, STR("c")), 1);
}
END_TEST

START_TEST(is_usable_after_release)
{
    struct map map = {0};
    map_set(&map, STR("a"), &map);
    map_release(&map);
    ck_assert_uint_eq(map.count, 0);
    ck_assert(!map_has(&map, STR("a")));
    map_set(&map, STR("b"), &map);
    ck_assert(map_has(&map, STR("b")));
    map_release(&map);
}
END_TEST

UNIT_MAIN("base/map", sets_gets_and_replaces, keys_are_bytes, keys_are_copied_and_terminated,
          grows_and_keeps_insertion_order, a_slot_counts, is_usable_after_release)
