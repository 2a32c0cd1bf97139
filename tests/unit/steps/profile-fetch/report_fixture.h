// SPDX-License-Identifier: Apache-2.0
// A small repository in a temporary folder, and reports of profiles of it.
#ifndef ATOLL_TESTS_PROFILE_FETCH_REPORT_FIXTURE_H
#define ATOLL_TESTS_PROFILE_FETCH_REPORT_FIXTURE_H

#include "steps/profile-fetch/report.h"
#include "tests/unit/steps/profile-fetch/fixture.h"

struct rig {
    struct arena arena;
    char *folder;
    struct profile_request request;
};

static const char rig_tag_c[] =
    "#include \"tag.h\"\n\nstatic int\nis_tag_char(int c)\n{\n    return c != 0;\n}\n\n"
    "int\nnormalize_tag(int a)\n{\n    return is_tag_char(a);\n}\n\n"
    "int\nnormalize_tag_value(int a)\n{\n    return is_tag_char(a);\n}\n";

// Makes the folder.
static inline void
rig_setup(struct rig *rig)
{
    static const char checksum_c[] =
        "static int\nmatrix_times(int a)\n{\n    int b = a;\n    b++;\n    b++;\n    b++;\n    b++;\n    "
        "b++;\n"
        "    return b;\n}\nint\ncrc32_combine(int a)\n{\n    return matrix_times(a);\n}\n"
        "int\ncrc32_update(int a)\n{\n    return a;\n}\nint\nchecksum_block(int a)\n{\n"
        "    return crc32_combine(a);\n}\n"
        "static int\nmatrix_square(int a)\n{\n    return matrix_times(a);\n}\n";
    *rig = (struct rig){0};
    rig->folder = fixture_folder(&rig->arena);
    rig->request = profile_request_of(rig->folder);
    fixture_file(&rig->arena, rig->folder, "src/tag.c", rig_tag_c);
    fixture_file(&rig->arena, rig->folder, "src/checksum.c", checksum_c);
    fixture_file(&rig->arena, rig->folder, "src/fibonacci.c",
                 "int fibonacci(int n) { return fibonacci(n - 1); }\n");
    fixture_file(&rig->arena, rig->folder, "src/murmur3.c", "int murmur3_32(int n)\n{\n    return n;\n}\n");
    fixture_file(&rig->arena, rig->folder, "main.c", "int main(void)\n{\n}\n");
}

// Removes the folder.
static inline void
rig_teardown(struct rig *rig)
{
    struct err err;
    ck_assert_int_eq(fs_remove_tree(rig->folder, &err), 0);
    arena_release(&rig->arena);
}

#define AUTO_RIG __attribute__((cleanup(rig_teardown))) struct rig

// The report of a profile in a file.
static inline json_t *
rig_report_file(struct rig *rig, const char *path)
{
    struct err err;
    json_t *report = profile_report(&rig->request, (const char *const[]){path, NULL}, NULL, &err);
    ck_assert_msg(report != NULL, "%s", err.message);
    return report;
}

// The report of a profile given as text.
static inline json_t *
rig_report(struct rig *rig, const char *text)
{
    fixture_file(&rig->arena, rig->folder, "p.profile", text);
    return rig_report_file(rig, fs_join(&rig->arena, rig->folder, "p.profile"));
}

// "share name" of each hotspot, in per mille, with file and lines when asked.
static inline void
rig_check(const json_t *report, bool places, const char *expected)
{
    AUTO_BUF text = BUF(10000);
    for (size_t i = 0; i < json_array_size(json_object_get(report, "hotspots")); i++) {
        const json_t *hotspot = json_array_get(json_object_get(report, "hotspots"), i);
        buf_printf(&text, "%s%.0f %s", i > 0 ? ", " : "", 1000 * json_get_real(hotspot, "share", -1),
                   json_get_text(hotspot, "name", ""));
        if (places)
            buf_printf(&text, " %s:%d-%d", json_get_text(hotspot, "file", ""),
                       (int)json_get_int(hotspot, "line", 0), (int)json_get_int(hotspot, "line_end", 0));
    }
    ck_assert_str_eq(buf_text(&text), expected);
}

// The hotspot of a function, which must be there.
static inline const json_t *
rig_hotspot(const json_t *report, const char *name)
{
    for (size_t i = 0; i < json_array_size(json_object_get(report, "hotspots")); i++) {
        const json_t *hotspot = json_array_get(json_object_get(report, "hotspots"), i);
        if (strcmp(json_get_text(hotspot, "function", ""), name) == 0)
            return hotspot;
    }
    ck_abort_msg("no hotspot %s", name);
    return NULL;
}

// A warning must contain the text.
static inline void
rig_check_warning(const json_t *report, const char *expected)
{
    const json_t *warnings = json_object_get(report, "warnings");
    for (size_t i = 0; i < json_array_size(warnings); i++)
        if (strstr(json_string_value(json_array_get(warnings, i)), expected))
            return;
    ck_abort_msg("no warning %s", expected);
}

// There must be no warning.
static inline void
rig_check_no_warning(const json_t *report)
{
    char *text = json_compact(json_object_get(report, "warnings"));
    ck_assert_str_eq(text, "[]");
    free(text);
}

#endif
