// SPDX-License-Identifier: Apache-2.0
#include "base/fs.h"
#include "steps/shared/forge/forge.h"
#include "tests/unit/unit.h"

#define PAGE_MAX_BYTES (1u << 20)

static struct arena arena;
static struct err err;
static char *folder;
static struct pull_request request;
static const char *url;
static enum request_state state;

static void
open_folder(void)
{
    folder = fs_temp_dir(&arena, NULL, "forge", &err);
    ck_assert_msg(folder != NULL, "%s", err.message);
    request = (struct pull_request){.remote_url = fs_join(&arena, folder, "origin.git"),
                                    .branch = "atoll/crc",
                                    .base = "main",
                                    .title = "Make crc faster",
                                    .body = STR("<!-- mark -->\n# Text\n"),
                                    .marker = "<!-- mark -->"};
}

static void
close_folder(void)
{
    ck_assert_int_eq(fs_remove_tree(folder, &err), 0);
    arena_release(&arena);
}

static const char *
page(void)
{
    AUTO_BUF text = BUF(PAGE_MAX_BYTES);
    ck_assert_msg(fs_read(url, PAGE_MAX_BYTES, &text, &err) == 0, "%s", err.message);
    return arena_str(&arena, buf_str(&text));
}

static void
publish(void)
{
    ck_assert_msg(forge_local.publish(&arena, &request, &url, &err) == 0, "%s", err.message);
}

static void
note(const char *key, const char *text)
{
    ck_assert_msg(forge_local.note(url, key, str_of(text), &err) == 0, "%s", err.message);
}

static enum request_state
found(void)
{
    const char *where;
    ck_assert_msg(forge_local.find(&arena, &request, &state, &where, &err) == 0, "%s", err.message);
    return state;
}

START_TEST(a_request_is_a_file_beside_the_repository)
{
    open_folder();
    ck_assert_int_eq(found(), REQUEST_NONE);
    publish();
    ck_assert_str_eq(url, fs_join(&arena, folder, "origin.pull-requests/atoll-crc.md"));
    ck_assert_str_eq(page(), "---\ntitle: Make crc faster\nstate: open\nbranch: atoll/crc\nbase: main\n---\n"
                             "<!-- mark -->\n# Text\n");
    ck_assert_int_eq(found(), REQUEST_OPEN);
    request.draft = true;
    publish();
    ck_assert(strstr(page(), "\nstate: draft\n") != NULL);
    ck_assert_int_eq(found(), REQUEST_OPEN);
    close_folder();
}
END_TEST

START_TEST(remotes_are_paths_of_this_machine)
{
    static const char *const same[] = {"%s/r.git", "%s/r.git///", "file://%s/r.git", "%s/r", "%s/r/.git"};
    open_folder();
    const char *expected = fs_join(&arena, folder, "r.pull-requests/atoll-crc.md"), *where;
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        const char *at = strstr(same[i], "%s");
        request.remote_url =
            arena_printf(&arena, "%.*s%s%s", (int)(at - same[i]), same[i], folder, at + strlen("%s"));
        ck_assert_int_eq(forge_local.find(&arena, &request, &state, &where, &err), 0);
        ck_assert_str_eq(where, expected);
    }
    static const char *const remote[] = {"https://example.org/r.git", "git@example.org:r.git", "r.git", ""};
    for (size_t i = 0; i < sizeof(remote) / sizeof(remote[0]); i++) {
        request.remote_url = remote[i];
        ck_assert_int_eq(forge_local.find(&arena, &request, &state, &where, &err), -1);
        ck_assert_int_eq(err.kind, ERR_CONFIG);
        ck_assert_int_eq(forge_local.publish(&arena, &request, &where, &err), -1);
    }
    close_folder();
}
END_TEST

static void
replace_page(const char *text)
{
    ck_assert_int_eq(fs_write(url, str_of(text), &err), 0);
}

START_TEST(what_a_person_did_is_seen)
{
    open_folder();
    publish();
    replace_page("---\nstate: closed\n---\n<!-- mark -->\n");
    ck_assert_int_eq(found(), REQUEST_CLOSED);
    replace_page("---\nstate: merged\n---\n<!-- mark -->\n");
    ck_assert_int_eq(found(), REQUEST_MERGED);
    replace_page("---\nstate: open\n---\nsomebody else's\n");
    ck_assert_int_eq(found(), REQUEST_FOREIGN);
    close_folder();
}
END_TEST

START_TEST(a_note_is_added_once)
{
    open_folder();
    publish();
    const char *before = page();
    note("one", "First.\n");
    note("two", "Second.\n");
    note("one", "First again.\n");
    note("on", "Third.\n");
    ck_assert_str_eq(page(), arena_printf(&arena,
                                          "%s\n<!-- atoll note: one -->\nFirst.\n"
                                          "\n<!-- atoll note: two -->\nSecond.\n"
                                          "\n<!-- atoll note: on -->\nThird.\n",
                                          before));
    ck_assert_int_eq(found(), REQUEST_OPEN);
    close_folder();
}
END_TEST

START_TEST(notes_survive_a_new_text)
{
    open_folder();
    publish();
    note("one", "First.\n");
    request.body = STR("<!-- mark -->\n# New text\n");
    publish();
    publish();
    ck_assert_str_eq(page(), "---\ntitle: Make crc faster\nstate: open\nbranch: atoll/crc\nbase: main\n---\n"
                             "<!-- mark -->\n# New text\n\n<!-- atoll note: one -->\nFirst.\n");
    close_folder();
}
END_TEST

START_TEST(a_note_needs_a_request)
{
    open_folder();
    const char *nowhere = fs_join(&arena, folder, "none.md");
    ck_assert_int_eq(forge_local.note(nowhere, "k", STR("text"), &err), -1);
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
    ck_assert(!fs_exists(nowhere));
    close_folder();
}
END_TEST

START_TEST(forges_have_names)
{
    ck_assert_ptr_eq(forge_find("local"), &forge_local);
    ck_assert_ptr_null(forge_find("loca"));
    ck_assert_ptr_null(forge_find(""));
}
END_TEST

UNIT_MAIN("steps/shared/forge/local", a_request_is_a_file_beside_the_repository,
          remotes_are_paths_of_this_machine, what_a_person_did_is_seen, a_note_is_added_once,
          notes_survive_a_new_text, a_note_needs_a_request, forges_have_names)
