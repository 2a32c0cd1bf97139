// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cell/cell.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

bool
order_receive(struct order *order)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int) * WIRE_FDS_MAX)];
        struct cmsghdr header;
    } control;
    struct iovec data[] = {{&order->request, sizeof(order->request)}, {order->text, sizeof(order->text)}};
    struct msghdr message = {.msg_iov = data,
                             .msg_iovlen = 2,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    memset(order->fds, -1, sizeof(order->fds));
    ssize_t got;
    do
        got = recvmsg(WIRE_CONTROL, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
        memcpy(order->fds, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
    if (got < (ssize_t)sizeof(order->request) || order->request.pass_count > WIRE_PASS_MAX)
        return false;
    size_t text_bytes = (size_t)got - sizeof(order->request), next = WIRE_PASS + order->request.pass_count;
    order->input = order->request.has_stdin ? order->fds[next++] : -1;
    order->spilled = text_bytes == 0 ? order->fds[next++] : -1;
    return order->fds[next - 1] >= 0 && (text_bytes == 0 || text_bytes == order->request.text_bytes);
}

void
order_close(struct order *order)
{
    for (size_t i = 0; i < WIRE_FDS_MAX; i++)
        if (order->fds[i] >= 0)
            close(order->fds[i]);
    memset(order->fds, -1, sizeof(order->fds));
}

// `count` strings from *text into a NULL-terminated array; NULL when they do not fit in front of `end` or in
// the order.
static char **
take_strings(struct order *order, char **text, const char *end, uint32_t count)
{
    char **strings = order->strings + order->string_count;
    if (count >= WIRE_STRINGS_MAX - order->string_count)
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        char *terminator = memchr(*text, 0, (size_t)(end - *text));
        if (!terminator)
            return NULL;
        strings[i] = *text;
        *text = terminator + 1;
    }
    strings[count] = NULL;
    order->string_count += count + 1;
    return strings;
}

bool
order_unpack(struct order *order)
{
    const struct wire_request *request = &order->request;
    char *text = order->text;
    if (order->spilled >= 0)
        text = mmap(NULL, request->text_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, order->spilled, 0);
    if (text == MAP_FAILED)
        return false;
    const char *end = text + request->text_bytes;
    order->argv = take_strings(order, &text, end, request->argv_count);
    order->env = take_strings(order, &text, end, request->env_count);
    order->read_paths = take_strings(order, &text, end, request->read_count);
    order->write_paths = take_strings(order, &text, end, request->write_count);
    char **cwd = take_strings(order, &text, end, 1);
    if (!order->argv || !order->argv[0] || !order->env || !order->read_paths || !order->write_paths || !cwd)
        return false;
    order->cwd = cwd[0];
    return true;
}

void
order_report(const struct order *order, const struct wire_report *report)
{
    (void)!send(order->fds[WIRE_CHANNEL], report, sizeof(*report), MSG_NOSIGNAL);
}

void
order_fail(const struct order *order, enum wire_kind kind, const char *stage, int code)
{
    struct wire_report report = {.kind = kind, .sys = code};
    strncpy(report.stage, stage, sizeof(report.stage) - 1);
    order_report(order, &report);
}
