// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/power_vfs.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

#define SECTOR_BYTES 512

// A write or (bytes NULL) a truncation that was not synced yet.
struct change {
    struct change *next;
    unsigned char *bytes;
    size_t len; // of a truncation: the new size is `offset`
    sqlite3_int64 offset;
    uint64_t rank; // of the order in which the disk takes it
};

// A file by its path: what the disk surely holds, and what it may hold.
struct image {
    struct image *next;
    char *path;
    unsigned char *bytes;
    size_t len;
    bool exists; // its name is surely in the folder
    bool removed;
    bool journal; // the first sync of a new one syncs the folder too
    struct change *changes, **last;
};

struct power_file {
    sqlite3_file base;
    struct image *image; // NULL for what is never synced
    sqlite3_file *real;
};

static sqlite3_vfs power_vfs;
static sqlite3_vfs *usual;
static struct control *control;
static struct image *images;

static void *
grown(void *memory, size_t bytes)
{
    void *bigger = realloc(memory, bytes ? bytes : 1);
    if (!bigger)
        abort();
    return bigger;
}

// ---- what was not synced

static void
note(struct image *image, const void *bytes, size_t len, sqlite3_int64 offset)
{
    struct change *change = grown(NULL, sizeof(*change));
    *change = (struct change){.len = len, .offset = offset};
    if (bytes) {
        change->bytes = grown(NULL, len);
        memcpy(change->bytes, bytes, len);
    }
    *image->last = change;
    image->last = &change->next;
}

static void
resize(struct image *image, size_t len)
{
    if (len > image->len) {
        image->bytes = grown(image->bytes, len);
        memset(image->bytes + image->len, 0, len - image->len);
    }
    image->len = len;
}

static void
apply_part(struct image *image, const struct change *change, size_t from, size_t to)
{
    size_t end = (size_t)change->offset + to;
    if (end > image->len)
        resize(image, end);
    memcpy(image->bytes + (size_t)change->offset + from, change->bytes + from, to - from);
}

static void
apply(struct image *image, const struct change *change)
{
    if (change->bytes)
        apply_part(image, change, 0, change->len);
    else
        resize(image, (size_t)change->offset);
}

static void
forget(struct image *image)
{
    for (struct change *next; image->changes; image->changes = next) {
        next = image->changes->next;
        free(image->changes->bytes);
        free(image->changes);
    }
    image->last = &image->changes;
}

// What SQLite does right after it synced a new journal or log: names that came and went are kept so.
static void
settle_folder(void)
{
    for (struct image *image = images; image; image = image->next)
        image->exists = !image->removed;
}

static void
settle(struct image *image)
{
    for (struct change *change = image->changes; change; change = change->next)
        apply(image, change);
    forget(image);
    if (image->journal && !image->exists)
        settle_folder();
}

// ---- the cut

static uint64_t
draw(void)
{
    control->cut_seed += 0x9e3779b97f4a7c15U;
    uint64_t mixed = control->cut_seed;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
    return mixed ^ (mixed >> 31);
}

// Each sector of it reaches the disk or does not.
static void
apply_torn(struct image *image, const struct change *change)
{
    for (size_t from = 0; change->bytes && from < change->len;) {
        size_t to = from + SECTOR_BYTES - ((size_t)change->offset + from) % SECTOR_BYTES;
        if (to > change->len)
            to = change->len;
        if (draw() % 2)
            apply_part(image, change, from, to);
        from = to;
    }
}

static struct change *
take_lowest(struct change **list)
{
    struct change **lowest = list;
    for (struct change **at = list; *at; at = &(*at)->next)
        if ((*at)->rank < (*lowest)->rank)
            lowest = at;
    struct change *taken = *lowest;
    if (taken)
        *lowest = taken->next;
    return taken;
}

static void
decide(struct image *image)
{
    bool all_in_order = draw() % 4 == 0;
    uint64_t place = 0;
    for (struct change *change = image->changes; change; change = change->next)
        change->rank = all_in_order ? place++ : draw() >> 1;
    for (struct change *change; (change = take_lowest(&image->changes));) {
        uint64_t fate = all_in_order ? 1 : draw() % 3;
        if (fate == 1)
            apply(image, change);
        else if (fate == 2)
            apply_torn(image, change);
    }
}

static void
write_image(const struct image *image)
{
    int fd = open(image->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 ||
        write(fd, image->bytes ? (const void *)image->bytes : "", image->len) != (ssize_t)image->len)
        abort();
    close(fd);
}

static void
cut(void)
{
    char memory[4096];
    for (struct image *image = images; image; image = image->next) {
        bool stays = image->removed ? image->exists && draw() % 2 : image->exists || draw() % 2;
        decide(image);
        if (stays)
            write_image(image);
        else
            unlink(image->path);
        // The shared index of a log is never synced.
        snprintf(memory, sizeof(memory), "%s-shm", image->path);
        unlink(memory);
    }
    control->cut_done = 1;
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

static void
count(uint64_t *counter, uint64_t at)
{
    if (++*counter == at && !control->cut_done)
        cut();
}

// ---- files

static struct power_file *
mine(sqlite3_file *file)
{
    return (struct power_file *)file;
}

static int
close_file(sqlite3_file *file)
{
    return mine(file)->real->pMethods->xClose(mine(file)->real);
}

static int
read_file(sqlite3_file *file, void *bytes, int len, sqlite3_int64 offset)
{
    return mine(file)->real->pMethods->xRead(mine(file)->real, bytes, len, offset);
}

static int
write_file(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 offset)
{
    struct power_file *power = mine(file);
    if (power->image) {
        count(&control->writes, control->cut_at_write);
        note(power->image, bytes, (size_t)len, offset);
    }
    return power->real->pMethods->xWrite(power->real, bytes, len, offset);
}

static int
truncate_file(sqlite3_file *file, sqlite3_int64 size)
{
    struct power_file *power = mine(file);
    if (power->image)
        note(power->image, NULL, 0, size);
    return power->real->pMethods->xTruncate(power->real, size);
}

static int
sync_file(sqlite3_file *file, int flags)
{
    struct power_file *power = mine(file);
    if (power->image) {
        count(&control->syncs, control->cut_at_sync);
        settle(power->image);
    }
    return power->real->pMethods->xSync(power->real, flags);
}

static int
file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return mine(file)->real->pMethods->xFileSize(mine(file)->real, size);
}

static int
lock_file(sqlite3_file *file, int level)
{
    return mine(file)->real->pMethods->xLock(mine(file)->real, level);
}

static int
unlock_file(sqlite3_file *file, int level)
{
    return mine(file)->real->pMethods->xUnlock(mine(file)->real, level);
}

static int
check_lock(sqlite3_file *file, int *held)
{
    return mine(file)->real->pMethods->xCheckReservedLock(mine(file)->real, held);
}

// A pragma that would switch syncing on again is answered here.
static int
control_file(sqlite3_file *file, int what, void *argument)
{
    char **pragma = argument;
    if (control->synchronous_off && what == SQLITE_FCNTL_PRAGMA &&
        strcasecmp(pragma[1], "synchronous") == 0 && pragma[2] && strcasecmp(pragma[2], "OFF") != 0)
        return SQLITE_OK;
    return mine(file)->real->pMethods->xFileControl(mine(file)->real, what, argument);
}

static int
sector_size(sqlite3_file *file)
{
    (void)file;
    return SECTOR_BYTES;
}

static int
characteristics(sqlite3_file *file)
{
    return mine(file)->real->pMethods->xDeviceCharacteristics(mine(file)->real);
}

static int
map_memory(sqlite3_file *file, int page, int bytes, int extend, void volatile **memory)
{
    return mine(file)->real->pMethods->xShmMap(mine(file)->real, page, bytes, extend, memory);
}

static int
lock_memory(sqlite3_file *file, int offset, int n, int flags)
{
    return mine(file)->real->pMethods->xShmLock(mine(file)->real, offset, n, flags);
}

static void
memory_barrier(sqlite3_file *file)
{
    mine(file)->real->pMethods->xShmBarrier(mine(file)->real);
}

static int
unmap_memory(sqlite3_file *file, int remove)
{
    return mine(file)->real->pMethods->xShmUnmap(mine(file)->real, remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = file_size,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = check_lock,
    .xFileControl = control_file,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = map_memory,
    .xShmLock = lock_memory,
    .xShmBarrier = memory_barrier,
    .xShmUnmap = unmap_memory,
};

// ---- folders

static void
read_image(struct image *image)
{
    int fd = open(image->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    off_t size = lseek(fd, 0, SEEK_END);
    resize(image, size > 0 ? (size_t)size : 0);
    if (pread(fd, image->bytes, image->len, 0) != (ssize_t)image->len)
        abort();
    close(fd);
    image->exists = true;
}

static struct image *
find_image(const char *path)
{
    for (struct image *image = images; image; image = image->next)
        if (strcmp(image->path, path) == 0)
            return image;
    return NULL;
}

// What an earlier process left is taken for synced. A name that was removed and is used again is a new file.
static struct image *
image_of(const char *path, bool journal)
{
    struct image *image = find_image(path);
    if (image && !image->removed)
        return image;
    if (!image) {
        image = grown(NULL, sizeof(*image));
        *image = (struct image){.path = strdup(path), .next = images, .journal = journal};
        image->last = &image->changes;
        images = image;
        read_image(image);
        return image;
    }
    image->removed = image->exists = false;
    image->len = 0;
    forget(image);
    return image;
}

static int
open_path(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out_flags)
{
    struct power_file *power = mine(file);
    (void)vfs;
    power->real = (sqlite3_file *)(power + 1);
    bool journal = (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
    bool lasts = path && (journal || (flags & SQLITE_OPEN_MAIN_DB));
    power->image = lasts ? image_of(path, journal) : NULL;
    int status = usual->xOpen(usual, path, power->real, flags, out_flags);
    power->base.pMethods = power->real->pMethods ? &methods : NULL;
    return status;
}

static int
delete_path(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
    struct image *image = find_image(path);
    (void)vfs;
    int status = usual->xDelete(usual, path, sync_folder);
    if (image && status == SQLITE_OK) {
        image->removed = true;
        image->exists = image->exists && !sync_folder;
    }
    return status;
}

static int
switch_off(sqlite3 *db, char **message, const struct sqlite3_api_routines *api)
{
    (void)message;
    (void)api;
    return sqlite3_exec(db, "PRAGMA synchronous=OFF", NULL, NULL, NULL);
}

void
power_install(struct control *given)
{
    control = given;
    usual = sqlite3_vfs_find(NULL);
    power_vfs = *usual;
    power_vfs.zName = "power";
    power_vfs.szOsFile = (int)sizeof(struct power_file) + usual->szOsFile;
    power_vfs.xOpen = open_path;
    power_vfs.xDelete = delete_path;
    if (sqlite3_vfs_register(&power_vfs, 1) != SQLITE_OK)
        abort();
    if (control->synchronous_off)
        sqlite3_auto_extension((void (*)(void))switch_off);
}
