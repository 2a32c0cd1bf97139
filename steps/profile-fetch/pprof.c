// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/pprof.h"

#include "steps/profile-fetch/proto.h"

#include <stdlib.h>
#include <string.h>

// Field numbers of profile.proto.
enum { PROFILE_SAMPLE_TYPE = 1, PROFILE_SAMPLE, PROFILE_MAPPING, PROFILE_LOCATION, PROFILE_FUNCTION };
enum { PROFILE_STRING = 6, PROFILE_TIME = 9, PROFILE_PERIOD_TYPE = 11, PROFILE_PERIOD, PROFILE_COMMENT };
enum { PROFILE_DEFAULT_TYPE = 14 };
enum { TYPE_TYPE = 1, TYPE_UNIT };
enum { SAMPLE_LOCATION = 1, SAMPLE_VALUE };
enum { MAPPING_ID = 1, MAPPING_FILE = 5, MAPPING_BUILD_ID };
enum { LOCATION_ID = 1, LOCATION_MAPPING, LOCATION_ADDRESS, LOCATION_LINE };
enum { LINE_FUNCTION = 1, LINE_LINE };
enum { FUNCTION_ID = 1, FUNCTION_NAME, FUNCTION_SYSTEM_NAME, FUNCTION_FILE, FUNCTION_START };

struct value_type {
    uint64_t type, unit; // strings
};
struct location {
    size_t first, count; // frames in location_frames
};
struct entry {
    uint64_t id;
    uint32_t value;
};

struct reader {
    struct proto proto;
    struct profile *profile;
    VEC(struct str) strings, samples, mappings, locations, functions;
    VEC(struct value_type) types;
    VEC(uint64_t) comments;
    struct value_type period_type;
    int64_t period;
    uint64_t time, default_type;
    struct map mapping_ids, location_ids, function_ids; // 8 bytes of id -> index + 1
    VEC(uint32_t) mapping_names;
    VEC(struct location) places;
    VEC(uint32_t) place_frames;
    VEC(uint32_t) function_list;
    VEC(uint64_t) ids, values; // of the sample at hand
    VEC(uint32_t) frames;
    size_t value_at, count_at; // index of the value and of the sample count; count_at may be NO_COUNT
    bool period_counts;        // value / period is the number of samples
};

#define NO_COUNT SIZE_MAX
#define MAX_TYPES 64u
#define MAX_COMMENTS 4096u
#define MAX_LINES (1u << 24)

static void
S_reader_release(struct reader *reader)
{
    vec_release(&reader->strings);
    vec_release(&reader->samples);
    vec_release(&reader->mappings);
    vec_release(&reader->locations);
    vec_release(&reader->functions);
    vec_release(&reader->types);
    vec_release(&reader->comments);
    map_release(&reader->mapping_ids);
    map_release(&reader->location_ids);
    map_release(&reader->function_ids);
    vec_release(&reader->mapping_names);
    vec_release(&reader->places);
    vec_release(&reader->place_frames);
    vec_release(&reader->function_list);
    vec_release(&reader->ids);
    vec_release(&reader->values);
    vec_release(&reader->frames);
}

static struct str
S_key(const uint64_t *id)
{
    return str_n((const char *)id, sizeof(*id));
}

// Files an index under an id; ids are unique and not 0.
static int
S_file_id(struct reader *reader, struct map *ids, uint64_t id, size_t index, const char *what, const char *at,
          struct err *err)
{
    if (id == 0)
        return proto_error(&reader->proto, at, err, "%s without an id", what);
    void **slot = map_slot(ids, S_key(&id));
    if (*slot)
        return proto_error(&reader->proto, at, err, "second %s with id %llu", what, (unsigned long long)id);
    *slot = (void *)((uintptr_t)index + 1);
    return 0;
}

static int
S_find_id(struct reader *reader, const struct map *ids, uint64_t id, const char *what, const char *at,
          size_t *index, struct err *err)
{
    void *value = map_get(ids, S_key(&id));
    if (!value)
        return proto_error(&reader->proto, at, err, "%s %llu does not exist", what, (unsigned long long)id);
    *index = (uintptr_t)value - 1;
    return 0;
}

static int
S_string(struct reader *reader, uint64_t index, const char *at, struct str *text, struct err *err)
{
    *text = (struct str){0};
    if (index >= reader->strings.count)
        return proto_error(&reader->proto, at, err, "string %llu of %zu", (unsigned long long)index,
                           reader->strings.count);
    *text = reader->strings.items[index];
    return 0;
}

static int
S_value_type(struct reader *reader, struct str message, struct value_type *type, struct err *err)
{
    struct proto proto = proto_inner(&reader->proto, message);
    struct proto_field field;
    int more;
    *type = (struct value_type){0};
    while ((more = proto_next(&proto, &field, err)) == 1) {
        if (field.number == TYPE_TYPE)
            type->type = field.value;
        else if (field.number == TYPE_UNIT)
            type->unit = field.value;
    }
    return more;
}

static int
S_number_field(struct reader *reader, const struct proto_field *field, struct err *err)
{
    switch (field->number) {
    case PROFILE_TIME:
        if (reader->time != 0 && field->value != 0)
            return proto_error(&reader->proto, field->at, err, "second profile in one file (concatenated?)");
        reader->time = field->value;
        return 0;
    case PROFILE_PERIOD:
        reader->period = (int64_t)field->value;
        return 0;
    case PROFILE_DEFAULT_TYPE:
        reader->default_type = field->value;
        return 0;
    default:
        return 0;
    }
}

// More than this is no profile but an attack.
static bool
S_too_many(const struct reader *reader)
{
    return reader->types.count > MAX_TYPES || reader->samples.count > PROFILE_MAX_SAMPLES ||
           reader->mappings.count > PROFILE_MAX_FUNCTIONS || reader->locations.count > PROFILE_MAX_FRAMES ||
           reader->functions.count > PROFILE_MAX_FUNCTIONS || reader->strings.count > PROFILE_MAX_NAMES ||
           reader->comments.count > MAX_COMMENTS;
}

static int
S_message_field(struct reader *reader, const struct proto_field *field, struct err *err)
{
    switch (field->number) {
    case PROFILE_SAMPLE_TYPE:
        return S_value_type(reader, field->bytes, vec_push(&reader->types), err);
    case PROFILE_SAMPLE:
        *vec_push(&reader->samples) = field->bytes;
        return 0;
    case PROFILE_MAPPING:
        *vec_push(&reader->mappings) = field->bytes;
        return 0;
    case PROFILE_LOCATION:
        *vec_push(&reader->locations) = field->bytes;
        return 0;
    case PROFILE_FUNCTION:
        *vec_push(&reader->functions) = field->bytes;
        return 0;
    case PROFILE_STRING:
        *vec_push(&reader->strings) = field->bytes;
        return 0;
    case PROFILE_PERIOD_TYPE:
        return S_value_type(reader, field->bytes, &reader->period_type, err);
    default:
        return 0;
    }
}

// First pass: where everything stands.
static int
S_index(struct reader *reader, struct err *err)
{
    struct proto_field field;
    int more;
    while ((more = proto_next(&reader->proto, &field, err)) == 1) {
        if (field.number == PROFILE_COMMENT) {
            if (proto_repeated(&reader->proto, &field, err) < 0)
                return -1;
            uint64_t value;
            while (reader->comments.count <= MAX_COMMENTS && proto_take(&field, &value))
                *vec_push(&reader->comments) = value;
        } else if (field.is_bytes) {
            if (S_message_field(reader, &field, err) < 0)
                return -1;
        } else if (S_number_field(reader, &field, err) < 0) {
            return -1;
        }
        if (S_too_many(reader))
            return err_set(err, ERR_LIMIT, "%s: more samples, functions or strings than any profile has",
                           reader->proto.name);
    }
    if (more < 0)
        return -1;
    const char *start = reader->proto.data.ptr;
    if (reader->strings.count == 0 || reader->strings.items[0].len != 0)
        return proto_error(&reader->proto, start, err, "not a pprof profile: its first string is not empty");
    if (reader->types.count == 0)
        return proto_error(&reader->proto, start, err, "no sample type");
    return 0;
}

// Chooses which value of a sample is read, and which one counts samples.
static int
S_choose_value(struct reader *reader, struct err *err)
{
    const char *start = reader->proto.data.ptr;
    struct str type, unit, wanted;
    if (S_string(reader, reader->default_type, start, &wanted, err) < 0)
        return -1;
    reader->value_at = reader->types.count - 1;
    reader->count_at = NO_COUNT;
    bool chosen = false;
    for (size_t i = 0; i < reader->types.count; i++) {
        const struct value_type *each = &reader->types.items[i];
        if (S_string(reader, each->type, start, &type, err) < 0 ||
            S_string(reader, each->unit, start, &unit, err) < 0)
            return -1;
        if (str_is(type, "samples") && str_is(unit, "count"))
            reader->count_at = i;
        if (wanted.len > 0 && str_eq(type, wanted) && !chosen) {
            reader->value_at = i;
            chosen = true;
        }
    }
    const struct value_type *value = &reader->types.items[reader->value_at];
    type = reader->strings.items[value->type];
    unit = reader->strings.items[value->unit];
    struct str period_type, period_unit;
    if (S_string(reader, reader->period_type.type, start, &period_type, err) < 0 ||
        S_string(reader, reader->period_type.unit, start, &period_unit, err) < 0)
        return -1;
    reader->period_counts = reader->period > 0 && str_eq(type, period_type) && str_eq(unit, period_unit);
    return profile_measure(reader->profile, PROFILE_SAMPLES, type, unit, reader->proto.name, err);
}

static int
S_read_mappings(struct reader *reader, struct err *err)
{
    for (size_t i = 0; i < reader->mappings.count; i++) {
        struct proto proto = proto_inner(&reader->proto, reader->mappings.items[i]);
        struct proto_field field;
        uint64_t id = 0, file = 0, build_id = 0;
        int more;
        while ((more = proto_next(&proto, &field, err)) == 1) {
            if (field.number == MAPPING_ID)
                id = field.value;
            else if (field.number == MAPPING_FILE)
                file = field.value;
            else if (field.number == MAPPING_BUILD_ID)
                build_id = field.value;
        }
        const char *at = reader->mappings.items[i].ptr;
        struct str text, build;
        if (more < 0 || S_file_id(reader, &reader->mapping_ids, id, i, "mapping", at, err) < 0 ||
            S_string(reader, file, at, &text, err) < 0 || S_string(reader, build_id, at, &build, err) < 0)
            return -1;
        *vec_push(&reader->mapping_names) = profile_name(reader->profile, text);
        profile_note_commits(reader->profile, build);
    }
    return 0;
}

static uint32_t
S_line_number(uint64_t value)
{
    return value > INT32_MAX ? 0 : (uint32_t)value;
}

static int
S_read_functions(struct reader *reader, struct err *err)
{
    for (size_t i = 0; i < reader->functions.count; i++) {
        struct proto proto = proto_inner(&reader->proto, reader->functions.items[i]);
        struct proto_field field;
        uint64_t values[FUNCTION_START + 1] = {0};
        int more;
        while ((more = proto_next(&proto, &field, err)) == 1)
            if (field.number <= FUNCTION_START)
                values[field.number] = field.value;
        const char *at = reader->functions.items[i].ptr;
        struct str name, system_name, file;
        if (more < 0 ||
            S_file_id(reader, &reader->function_ids, values[FUNCTION_ID], i, "function", at, err) < 0 ||
            S_string(reader, values[FUNCTION_NAME], at, &name, err) < 0 ||
            S_string(reader, values[FUNCTION_SYSTEM_NAME], at, &system_name, err) < 0 ||
            S_string(reader, values[FUNCTION_FILE], at, &file, err) < 0)
            return -1;
        *vec_push(&reader->function_list) =
            profile_function(reader->profile, name.len > 0 ? name : system_name,
                             profile_name(reader->profile, file), 0, S_line_number(values[FUNCTION_START]));
    }
    return 0;
}

static int
S_read_line(struct reader *reader, struct str message, struct err *err)
{
    struct proto proto = proto_inner(&reader->proto, message);
    struct proto_field field;
    uint64_t function = 0, line = 0;
    size_t index = 0;
    int more;
    while ((more = proto_next(&proto, &field, err)) == 1) {
        if (field.number == LINE_FUNCTION)
            function = field.value;
        else if (field.number == LINE_LINE)
            line = field.value;
    }
    if (more < 0 ||
        S_find_id(reader, &reader->function_ids, function, "function", message.ptr, &index, err) < 0)
        return -1;
    uint32_t id = reader->function_list.items[index];
    uint32_t file = id < reader->profile->functions.count ? reader->profile->functions.items[id].file : 0;
    struct profile_frame frame = {.function = id, .file = file, .line = S_line_number(line), .inlined = true};
    *vec_push(&reader->place_frames) = profile_frame(reader->profile, &frame);
    return 0;
}

// A location without lines is known by its address alone.
static int
S_unnamed_location(struct reader *reader, uint64_t address, uint64_t mapping, const char *at, struct err *err)
{
    uint32_t object = 0;
    if (mapping != 0) {
        size_t index = 0;
        if (S_find_id(reader, &reader->mapping_ids, mapping, "mapping", at, &index, err) < 0)
            return -1;
        object = reader->mapping_names.items[index];
    }
    AUTO_BUF name = BUF(32);
    buf_printf(&name, "0x%llx", (unsigned long long)address);
    struct profile_frame frame = {.function =
                                      profile_function(reader->profile, buf_str(&name), 0, object, 0)};
    *vec_push(&reader->place_frames) = profile_frame(reader->profile, &frame);
    return 0;
}

static int
S_read_location(struct reader *reader, struct str message, size_t index, struct err *err)
{
    struct proto proto = proto_inner(&reader->proto, message);
    struct proto_field field;
    uint64_t id = 0, mapping = 0, address = 0;
    struct location place = {.first = reader->place_frames.count};
    int more;
    while ((more = proto_next(&proto, &field, err)) == 1) {
        if (field.number == LOCATION_LINE && field.is_bytes) {
            if (S_read_line(reader, field.bytes, err) < 0)
                return -1;
            if (reader->place_frames.count > MAX_LINES)
                return proto_error(&proto, message.ptr, err, "more than %u lines", MAX_LINES);
        } else if (field.number == LOCATION_ID) {
            id = field.value;
        } else if (field.number == LOCATION_MAPPING) {
            mapping = field.value;
        } else if (field.number == LOCATION_ADDRESS) {
            address = field.value;
        }
    }
    if (more < 0 || S_file_id(reader, &reader->location_ids, id, index, "location", message.ptr, err) < 0)
        return -1;
    if (reader->place_frames.count == place.first &&
        S_unnamed_location(reader, address, mapping, message.ptr, err) < 0)
        return -1;
    // The last line is the function that holds the code.
    uint32_t *last = &reader->place_frames.items[reader->place_frames.count - 1];
    if (*last < reader->profile->frames.count) {
        struct profile_frame frame = reader->profile->frames.items[*last];
        frame.inlined = false;
        *last = profile_frame(reader->profile, &frame);
    }
    place.count = reader->place_frames.count - place.first;
    *vec_push(&reader->places) = place;
    return 0;
}

static double
S_sample_count(const struct reader *reader, int64_t value)
{
    if (reader->count_at != NO_COUNT) {
        int64_t count = (int64_t)reader->values.items[reader->count_at];
        return count < 0 ? -(double)count : (double)count;
    }
    if (reader->period_counts)
        return (value < 0 ? -(double)value : (double)value) / (double)reader->period;
    return 1;
}

// Collects the numbers of a sample's two lists.
static int
S_sample_lists(struct reader *reader, struct str message, struct err *err)
{
    struct proto proto = proto_inner(&reader->proto, message);
    struct proto_field field;
    int more;
    reader->ids.count = reader->values.count = 0;
    while ((more = proto_next(&proto, &field, err)) == 1) {
        if (field.number != SAMPLE_LOCATION && field.number != SAMPLE_VALUE)
            continue;
        if (proto_repeated(&proto, &field, err) < 0)
            return -1;
        uint64_t value;
        while (proto_take(&field, &value)) {
            if (field.number == SAMPLE_LOCATION)
                *vec_push(&reader->ids) = value;
            else
                *vec_push(&reader->values) = value;
            if (reader->ids.count > PROFILE_MAX_DEPTH || reader->values.count > MAX_TYPES)
                return proto_error(&proto, message.ptr, err, "stack of more than %u locations",
                                   PROFILE_MAX_DEPTH);
        }
    }
    if (more < 0)
        return -1;
    if (reader->values.count != reader->types.count)
        return proto_error(&reader->proto, message.ptr, err, "sample with %zu values for %zu sample types",
                           reader->values.count, reader->types.count);
    return 0;
}

static int
S_read_sample(struct reader *reader, struct str message, struct err *err)
{
    if (S_sample_lists(reader, message, err) < 0)
        return -1;
    reader->frames.count = 0;
    for (size_t i = 0; i < reader->ids.count; i++) {
        size_t index = 0;
        if (S_find_id(reader, &reader->location_ids, reader->ids.items[i], "location", message.ptr, &index,
                      err) < 0)
            return -1;
        const struct location *place = &reader->places.items[index];
        if (reader->frames.count + place->count > PROFILE_MAX_DEPTH)
            return proto_error(&reader->proto, message.ptr, err, "stack of more than %u frames",
                               PROFILE_MAX_DEPTH);
        for (size_t k = 0; k < place->count; k++)
            *vec_push(&reader->frames) = reader->place_frames.items[place->first + k];
    }
    int64_t value = (int64_t)reader->values.items[reader->value_at];
    if (value == 0)
        return 0;
    if (profile_sample(reader->profile, reader->frames.items, reader->frames.count, value,
                       S_sample_count(reader, value), err) < 0)
        return err_wrap(err, "%s: byte %zu", reader->proto.name,
                        (size_t)(message.ptr - reader->proto.data.ptr));
    return 0;
}

static int
S_read_all(struct reader *reader, struct err *err)
{
    if (S_index(reader, err) < 0 || S_choose_value(reader, err) < 0 || S_read_mappings(reader, err) < 0 ||
        S_read_functions(reader, err) < 0)
        return -1;
    for (size_t i = 0; i < reader->locations.count; i++)
        if (S_read_location(reader, reader->locations.items[i], i, err) < 0)
            return -1;
    for (size_t i = 0; i < reader->comments.count; i++) {
        struct str text;
        if (S_string(reader, reader->comments.items[i], reader->proto.data.ptr, &text, err) < 0)
            return -1;
        profile_note_commits(reader->profile, text);
    }
    for (size_t i = 0; i < reader->samples.count; i++)
        if (S_read_sample(reader, reader->samples.items[i], err) < 0)
            return -1;
    return 0;
}

int
pprof_read(struct str data, const char *name, struct profile *profile, struct err *err)
{
    struct reader reader = {.proto = proto_of(data, name), .profile = profile};
    int result = S_read_all(&reader, err);
    S_reader_release(&reader);
    return result;
}
