// SPDX-License-Identifier: Apache-2.0
// tagd: answers requests from standard input, or from one client at a time on a port of this machine.
#define _GNU_SOURCE
#include "lines.h"
#include "service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TAGD_VERSION "1.0.0"
#define INPUT_MAX ((size_t)256 << 20)

struct options {
    long port; // -1: standard input
    long repeat;
};

static void
print_usage(FILE *to)
{
    fputs("usage: tagd [--repeat N] [--listen PORT] < requests\n"
          "\n"
          "  --listen PORT  serve one client at a time on 127.0.0.1 (0: any free port)\n"
          "  --repeat N     answer all of standard input N times over, and print the last round\n"
          "  --help         show this\n"
          "  --version      show the version\n"
          "\n"
          "Requests, one a line: TAG text, VALUE text, MERGE a,b|b,c, BLOCK text, PART text, END,\n"
          "HASH text, RETRY n, STATS. BLOCK and PART also take base64:... in place of text.\n",
          to);
}

// A number within its limits, or -1.
static long
parse_number(const char *text, long low, long high)
{
    char *end;

    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < low || value > high)
        return -1;
    return value;
}

// Answers what can be read from `fd` until its end. Returns 0, or -1 with errno.
static int
serve(int fd, struct lines *lines, FILE *out)
{
    char chunk[65536];

    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        lines_feed(lines, chunk, (size_t)n);
        if (fflush(out) != 0)
            return -1;
    }
    lines_finish(lines);
    return fflush(out) == 0 ? 0 : -1;
}

// Reads `fd` to its end into memory that the caller frees. NULL with errno.
static char *
read_all(int fd, size_t *len)
{
    size_t size = 1 << 20;
    size_t used = 0;
    char *data = malloc(size);

    while (data != NULL) {
        if (used == size) {
            char *larger = size < INPUT_MAX ? realloc(data, size * 2) : NULL;
            if (larger == NULL)
                break;
            data = larger;
            size *= 2;
        }
        ssize_t n = read(fd, data + used, size - used);
        if (n < 0 && errno != EINTR)
            break;
        if (n == 0) {
            *len = used;
            return data;
        }
        used += n > 0 ? (size_t)n : 0;
    }
    free(data);
    return NULL;
}

static ssize_t
discard(void *cookie, const char *data, size_t len)
{
    (void)cookie;
    (void)data;
    return (ssize_t)len;
}

// Answers all of `fd` several times over. Only the last round is printed, but each is formatted.
static int
serve_rounds(int fd, long rounds, struct lines *lines)
{
    size_t len;
    char *data = read_all(fd, &len);
    FILE *nowhere = fopencookie(NULL, "w", (cookie_io_functions_t){.write = discard});

    if (data == NULL || nowhere == NULL)
        return -1;
    for (long round = 1; round <= rounds; round++) {
        lines->service->out = round < rounds ? nowhere : stdout;
        lines_feed(lines, data, len);
        lines_finish(lines);
    }
    free(data);
    fclose(nowhere);
    return fflush(stdout) == 0 ? 0 : -1;
}

static int
open_port(long port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t size = sizeof address;
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 8) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return -1;
    fprintf(stderr, "tagd: listening on 127.0.0.1:%u\n", (unsigned)ntohs(address.sin_port));
    return fd;
}

static int
serve_port(long port, struct service *service, struct lines *lines)
{
    int listener = open_port(port);

    if (listener < 0)
        return -1;
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (client < 0)
            return -1;
        int copy = dup(client);
        FILE *out = copy >= 0 ? fdopen(copy, "w") : NULL;
        if (out == NULL)
            return -1;
        service_init(service, out, service->capture_folder);
        lines_init(lines, service);
        if (serve(client, lines, out) != 0)
            fprintf(stderr, "tagd: client: %s\n", strerror(errno));
        fclose(out);
        close(client);
    }
}

static int
run(const struct options *options)
{
    struct service *service = malloc(sizeof *service);
    struct lines *lines = malloc(sizeof *lines);
    int status;

    if (service == NULL || lines == NULL)
        abort();
    service_init(service, stdout, getenv("TAGD_CAPTURE_DIR"));
    lines_init(lines, service);
    if (options->port >= 0)
        status = serve_port(options->port, service, lines);
    else if (options->repeat > 1)
        status = serve_rounds(STDIN_FILENO, options->repeat, lines);
    else
        status = serve(STDIN_FILENO, lines, stdout);
    if (status != 0)
        fprintf(stderr, "tagd: %s\n", strerror(errno));
    free(lines);
    free(service);
    return status == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
    static const struct option known[] = {
        {"listen", required_argument, NULL, 'l'},
        {"repeat", required_argument, NULL, 'r'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    struct options options = {.port = -1, .repeat = 1};
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        long number = -1;
        if (option == 'h') {
            print_usage(stdout);
            return 0;
        }
        if (option == 'v') {
            puts("tagd " TAGD_VERSION);
            return 0;
        }
        if (option == 'l')
            number = options.port = parse_number(optarg, 0, 65535);
        if (option == 'r')
            number = options.repeat = parse_number(optarg, 1, 1000000);
        if (number < 0) {
            print_usage(stderr);
            return 2;
        }
    }
    if (optind < argc) {
        print_usage(stderr);
        return 2;
    }
    return run(&options);
}
