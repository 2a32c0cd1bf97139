// SPDX-License-Identifier: Apache-2.0
// What a run takes of the disk. The kernel limits one file only, so the runner counts what was made or
// changed below the folders that the run may write, and watches what is left of their file systems: that also
// shows what can't be counted, as files that are deleted but open.
#include "sandbox/cell/cell.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { BLOCK_BYTES = 512, DEPTH_MAX = 64 };
#define NAME_BYTES 4096u // what an empty file takes: without this there could be millions
#define COUNT_EVERY_NS INT64_C(200000000)
#define COUNT_MAX_NS INT64_C(250000000)
#define COUNT_SHARE 20 // counting takes at most one part in that many of the time

// A count under way.
struct tally {
    const struct disk *disk;
    int64_t until_ns;
    uint64_t bytes;
    bool partial; // there was more than could be looked at
};

static bool
is_since(const struct timespec *changed, const struct timespec *since)
{
    return changed->tv_sec != since->tv_sec ? changed->tv_sec > since->tv_sec
                                            : changed->tv_nsec >= since->tv_nsec;
}

// Whether this is one of the run's own folders: it is counted as such, not below another.
static bool
is_own(const struct disk *disk, const struct stat *info)
{
    for (size_t i = 0; i < disk->count; i++)
        if (disk->folders[i].device == info->st_dev && disk->folders[i].inode == info->st_ino)
            return true;
    return false;
}

static void count_folder(struct tally *tally, int folder, unsigned depth);

static void
count_entry(struct tally *tally, int folder, const char *name, unsigned depth)
{
    struct stat info;
    if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) < 0) {
        tally->partial = tally->partial || errno != ENOENT;
        return;
    }
    uint64_t bytes = (uint64_t)info.st_blocks * BLOCK_BYTES;
    bool is_folder = S_ISDIR(info.st_mode);
    if (is_folder && is_own(tally->disk, &info))
        return;
    if (is_since(&info.st_ctim, &tally->disk->since))
        tally->bytes += NAME_BYTES + (is_folder || info.st_nlink == 0 ? bytes : bytes / info.st_nlink);
    if (!is_folder)
        return;
    int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0)
        count_folder(tally, fd, depth + 1);
    else
        tally->partial = tally->partial || errno != ENOENT;
}

// Takes the descriptor.
static void
count_folder(struct tally *tally, int folder, unsigned depth)
{
    DIR *entries = depth <= DEPTH_MAX ? fdopendir(folder) : NULL;
    if (!entries) {
        close(folder);
        tally->partial = true;
        return;
    }
    for (struct dirent *entry; tally->bytes <= tally->disk->most_bytes && (entry = readdir(entries));) {
        if (mono_ns() > tally->until_ns) {
            tally->partial = true;
            break;
        }
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            count_entry(tally, folder, entry->d_name, depth);
    }
    closedir(entries);
}

// How much less is free than there was.
static uint64_t
lost(uint64_t before, uint64_t now)
{
    return before > now ? before - now : 0;
}

// Takes the descriptor.
static void
add_folder(struct disk *disk, int fd)
{
    struct stat info;
    struct statvfs system;
    if (fd < 0 || fstat(fd, &info) < 0 || fstatvfs(fd, &system) < 0 || is_own(disk, &info)) {
        if (fd >= 0)
            close(fd);
        return;
    }
    disk->folders[disk->count++] =
        (struct disk_folder){.fd = fd,
                             .device = info.st_dev,
                             .inode = info.st_ino,
                             .free_bytes = (uint64_t)system.f_bavail * system.f_frsize,
                             .free_files = system.f_favail};
}

void
disk_begin(const struct order *order, struct disk *disk)
{
    *disk = (struct disk){.most_bytes = order->request.disk_bytes, .next_ns = mono_ns() + COUNT_EVERY_NS};
    clock_gettime(CLOCK_REALTIME_COARSE, &disk->since);
    if (disk->most_bytes > 0)
        disk->folders = calloc(order->request.write_count + 1, sizeof(*disk->folders));
    for (char **path = order->write_paths; disk->folders && *path; path++)
        add_folder(disk, open(*path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

// Whether hardly anything is left, *lost_bytes how much less it is than there was.
static bool
is_nearly_full(const struct disk_folder *folder, uint64_t *lost_bytes)
{
    struct statvfs info;
    if (fstatvfs(folder->fd, &info) < 0)
        return false;
    *lost_bytes = lost(folder->free_bytes, (uint64_t)info.f_bavail * info.f_frsize);
    return *lost_bytes > folder->free_bytes - folder->free_bytes / 10 ||
           lost(folder->free_files, info.f_favail) > folder->free_files - folder->free_files / 10;
}

static void
count_all(struct tally *tally)
{
    for (size_t i = 0; i < tally->disk->count; i++) {
        int fd = openat(tally->disk->folders[i].fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0)
            count_folder(tally, fd, 0);
    }
}

bool
disk_is_taken(struct disk *disk)
{
    uint64_t most_lost = 0;
    for (size_t i = 0; i < disk->count; i++) {
        uint64_t lost_bytes = 0;
        if (is_nearly_full(&disk->folders[i], &lost_bytes))
            return true;
        most_lost = lost_bytes > most_lost ? lost_bytes : most_lost;
    }
    int64_t begun_ns = mono_ns();
    if (begun_ns < disk->next_ns)
        return false;
    struct tally tally = {.disk = disk, .until_ns = begun_ns + COUNT_MAX_NS};
    count_all(&tally);
    int64_t ended_ns = mono_ns(), wait_ns = COUNT_SHARE * (ended_ns - begun_ns);
    disk->next_ns = ended_ns + (wait_ns > COUNT_EVERY_NS ? wait_ns : COUNT_EVERY_NS);
    return tally.bytes > disk->most_bytes || (tally.partial && most_lost > disk->most_bytes);
}
