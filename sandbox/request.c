// SPDX-License-Identifier: Apache-2.0
#include "sandbox/request.h"
#include "base/fd.h"
#include "sandbox/cell/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { TEXT_MAX_BYTES = 16 << 20 };

// Adds terminated strings; returns how many.
static uint32_t
add_strings(struct buf *text, const char *const *strings)
{
    uint32_t count = 0;
    for (; strings && strings[count]; count++)
        buf_add(text, strings[count], strlen(strings[count]) + 1);
    return count;
}

static uint32_t
add_default_env(struct buf *text, const struct launch_spec *spec)
{
    const char *folder = spec->write_paths && spec->write_paths[0] ? spec->write_paths[0] : NULL;
    const char *const env[] = {"PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
                               "LANG=C.UTF-8", NULL};
    uint32_t count = add_strings(text, env);
    if (!folder)
        return count;
    buf_printf(text, "TMPDIR=%s", folder);
    buf_putc(text, 0);
    return count + 1;
}

static void
fill_request(const struct launch_spec *spec, struct wire_request *request, struct buf *text)
{
    const struct launch_limits *limits = &spec->limits;
    *request = (struct wire_request){
        .profile = spec->profile,
        .wall_ms = limits->wall_ms,
        .cpu_ms = limits->cpu_ms,
        .memory_bytes = limits->memory_bytes,
        .file_bytes = limits->file_bytes,
        .disk_bytes = limits->disk_bytes,
        .processes = limits->processes,
        .open_files = limits->open_files,
        .pass_count = (uint32_t)spec->pass_fd_count,
        .has_stdin = spec->stdin_text.len > 0,
    };
    request->argv_count = add_strings(text, spec->argv);
    request->env_count = spec->env ? add_strings(text, spec->env) : add_default_env(text, spec);
    request->read_count = add_strings(text, spec->read_paths);
    request->write_count = add_strings(text, spec->write_paths);
    const char *cwd = spec->cwd ? spec->cwd : "/";
    buf_add(text, cwd, strlen(cwd) + 1);
    request->text_bytes = text->len;
}

// A memfd with this content, at its beginning.
static int
memory_file(const char *name, struct str content, struct err *err)
{
    int fd = memfd_create(name, MFD_CLOEXEC);
    if (fd < 0)
        return err_sys(err, ERR_IO, "making a memory file");
    for (size_t done = 0; done < content.len;) {
        ssize_t wrote = pwrite(fd, content.ptr + done, content.len - done, (off_t)done);
        if (wrote < 0) {
            err_sys(err, ERR_IO, "writing a memory file");
            close(fd);
            return -1;
        }
        done += (size_t)wrote;
    }
    return fd;
}

// What a packet is made of.
struct packet {
    struct wire_request request;
    int fds[WIRE_FDS_MAX];
    size_t fd_count;
};

static void
add_fd(struct packet *packet, int fd)
{
    packet->fds[packet->fd_count++] = fd;
}

// `text` may be empty.
static int
send_packet(int socket_fd, const struct packet *packet, struct str text, struct err *err)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int) * WIRE_FDS_MAX)];
        struct cmsghdr header;
    } control;
    memset(&control, 0, sizeof(control));
    size_t fds_bytes = sizeof(int) * packet->fd_count;
    struct iovec data[] = {{(void *)(uintptr_t)&packet->request, sizeof(packet->request)},
                           {(void *)(uintptr_t)text.ptr, text.len}};
    struct msghdr message = {.msg_iov = data,
                             .msg_iovlen = 2,
                             .msg_control = control.bytes,
                             .msg_controllen = CMSG_SPACE(fds_bytes)};
    control.header =
        (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(fds_bytes)};
    memcpy(CMSG_DATA(&control.header), packet->fds, fds_bytes);
    ssize_t sent;
    do
        sent = sendmsg(socket_fd, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return 0;
    bool gone = errno == EPIPE || errno == ECONNRESET;
    return err_sys(err, gone ? ERR_LOST : ERR_IO, "asking the zygote to start a program");
}

static int
check(const struct launch_spec *spec, const struct wire_request *request, const struct buf *text,
      struct err *err)
{
    if (spec->pass_fd_count > WIRE_PASS_MAX)
        return err_set(err, ERR_LIMIT, "at most %d descriptors can be passed on", WIRE_PASS_MAX);
    size_t strings =
        (size_t)request->argv_count + request->env_count + request->read_count + request->write_count;
    if (strings + 8 > WIRE_STRINGS_MAX)
        return err_set(err, ERR_LIMIT, "%zu arguments, variables and paths are too many", strings);
    return buf_check(text, "the command line and environment", err);
}

// Adds the descriptors that only some requests have, and sends.
static int
send_all(int socket_fd, const struct launch_spec *spec, struct packet *packet, struct str text,
         struct err *err)
{
    int typed = -1, spilled = -1, result = -1;
    for (size_t i = 0; i < spec->pass_fd_count; i++)
        add_fd(packet, spec->pass_fds[i]);
    if (packet->request.has_stdin) {
        if ((typed = memory_file("stdin", spec->stdin_text, err)) < 0)
            goto out;
        add_fd(packet, typed);
    }
    if (text.len > WIRE_PACKET_TEXT_BYTES) {
        if ((spilled = memory_file("request", text, err)) < 0)
            goto out;
        add_fd(packet, spilled);
        text = STR("");
    }
    result = send_packet(socket_fd, packet, text, err);
out:
    fd_drop(&typed);
    fd_drop(&spilled);
    return result;
}

int
request_send(const struct request *request, const struct launch_spec *spec, struct request_ends *ends,
             struct err *err)
{
    AUTO_BUF text = BUF(TEXT_MAX_BYTES);
    struct packet packet = {.fd_count = 0};
    int channel[2] = {-1, -1}, output[2] = {-1, -1}, result = -1;
    *ends = (struct request_ends){-1, -1};
    fill_request(spec, &packet.request, &text);
    packet.request.stays = request->stays;
    if (check(spec, &packet.request, &text, err) < 0)
        return -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0 ||
        pipe2(output, O_CLOEXEC | (request->stays ? O_NONBLOCK : 0)) < 0) {
        err_sys(err, ERR_IO, "making the descriptors of a run");
    } else {
        add_fd(&packet, channel[1]);
        add_fd(&packet, output[1]);
        result = send_all(request->control, spec, &packet, buf_str(&text), err);
    }
    fd_drop(&channel[1]);
    fd_drop(&output[1]);
    if (result == 0) {
        *ends = (struct request_ends){channel[0], output[0]};
        return 0;
    }
    fd_drop(&channel[0]);
    fd_drop(&output[0]);
    return -1;
}
