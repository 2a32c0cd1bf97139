// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"
#include "tests/unit/unit.h"

// FIPS 180-2, appendix B, and the 896-bit message of NIST's examples.
static const char *const vectors[][2] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrs"
     "tno"
     "pqrstu",
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
};

START_TEST(known_answers)
{
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        char hex[65];
        struct hash hash = hash_of(vectors[i][0], strlen(vectors[i][0]));
        hash_hex(&hash, hex);
        ck_assert_str_eq(hex, vectors[i][1]);
    }
}
END_TEST

START_TEST(a_million_letters_in_uneven_pieces)
{
    char block[997], hex[65];
    memset(block, 'a', sizeof(block));
    struct hasher *hasher = hasher_new();
    for (size_t left = 1000000, piece = 1; left > 0; piece = piece % sizeof(block) + 1) {
        size_t size = piece < left ? piece : left;
        hasher_add(hasher, block, size);
        left -= size;
    }
    struct hash hash;
    hasher_finish(hasher, &hash);
    hash_hex(&hash, hex);
    ck_assert_str_eq(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
END_TEST

START_TEST(a_hasher_can_be_dropped)
{
    struct hasher *hasher = hasher_new();
    hasher_add(hasher, "abc", 3);
    hasher_free(hasher);
    hasher_free(NULL);
}
END_TEST

START_TEST(quick_hash_tells_texts_apart)
{
    // Every prefix of zeroes, and every single bit in 17 bytes, has a hash of its own.
    enum { COUNT = 41 + 136 };
    uint64_t hashes[COUNT];
    unsigned char bytes[40] = {0};
    for (size_t i = 0; i <= 40; i++)
        hashes[i] = hash_quick(bytes, i);
    for (size_t i = 0; i < 136; i++) {
        bytes[i / 8] = (unsigned char)(1 << i % 8);
        hashes[41 + i] = hash_quick(bytes, 17);
        bytes[i / 8] = 0;
    }
    for (size_t i = 0; i < COUNT; i++)
        for (size_t k = 0; k < i; k++)
            ck_assert_uint_ne(hashes[i], hashes[k]);
    ck_assert_uint_eq(hash_quick("function", 8), hash_quick("function_x", 8));
    ck_assert_uint_ne(hash_quick("abcdefgh12345678", 16), hash_quick("12345678abcdefgh", 16));
}
END_TEST

UNIT_MAIN("base/hash", known_answers, a_million_letters_in_uneven_pieces, a_hasher_can_be_dropped,
          quick_hash_tells_texts_apart)
