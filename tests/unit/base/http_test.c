// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/fs.h"
#include "base/http.h"
#include "base/proc.h"
#include "tests/unit/server.h"

#include <poll.h>

static struct arena arena;
static struct err err;
static int port, other_port;

static void
reply(struct buf *answer, const char *status_and_headers, const char *body)
{
    buf_printf(answer, "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
               status_and_headers, strlen(body), body);
}

// Answers by path.
static void
serve(const struct server_call *call, struct buf *answer)
{
    AUTO_BUF text = BUF(100000);
    if (strcmp(call->target, "/echo") == 0) {
        buf_printf(&text, "%s|%s|%s|%s|%s", call->method, server_header(call, "X-Thing"),
                   server_header(call, "Content-Type"), server_header(call, "User-Agent"),
                   buf_text(&call->body));
        reply(answer, "200 OK\r\nContent-Type: text/plain; charset=utf-8", buf_text(&text));
    } else if (strcmp(call->target, "/token") == 0) {
        buf_printf(&text, "%s%s", server_header(call, "Authorization"), server_header(call, "Private-Token"));
        reply(answer, "200 OK", buf_text(&text));
    } else if (strcmp(call->target, "/busy") == 0) {
        reply(answer, "503 Busy\r\nRetry-After: 7", "later");
    } else if (strcmp(call->target, "/big") == 0) {
        for (int i = 0; i < 1000; i++)
            buf_puts(&text, "0123456789");
        reply(answer, "200 OK", buf_text(&text));
    } else if (strcmp(call->target, "/slow") == 0) {
        poll(NULL, 0, 5000);
    } else if (strcmp(call->target, "/nap") == 0) {
        poll(NULL, 0, 2500);
        reply(answer, "200 OK", "rested");
    } else if (strcmp(call->target, "/loop") == 0) {
        reply(answer, "302 Found\r\nLocation: /loop", "");
    } else if (strcmp(call->target, "/file") == 0) {
        reply(answer, "302 Found\r\nLocation: file:///etc/passwd", "");
    } else if (strcmp(call->target, "/away") == 0) {
        buf_printf(&text, "302 Found\r\nLocation: http://localhost:%d/token", other_port);
        reply(answer, buf_text(&text), "moved");
    } else if (strcmp(call->target, "/cut") == 0) {
        buf_puts(answer, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
    } else if (strncmp(call->target, "http://", 7) == 0) {
        buf_printf(&text, "proxied %s", call->target);
        reply(answer, "200 OK", buf_text(&text));
    } else {
        reply(answer, "404 Not Found", "none");
    }
}

static const char *
url(const char *path)
{
    static const char *const settings[] = {"http_proxy", "https_proxy",    "HTTPS_PROXY",   "all_proxy",
                                           "no_proxy",   "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR",
                                           "ALL_PROXY",  "NO_PROXY"};
    if (!port) {
        for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
            unsetenv(settings[i]);
        other_port = server_start(serve);
        port = server_start(serve);
    }
    return arena_printf(&arena, "http://127.0.0.1:%d%s", port, path);
}

static struct http_response
fetch(struct http_request request)
{
    struct http_response response;
    ck_assert_msg(http_fetch(&request, &response, &err) == 0, "%s", err.message);
    return response;
}

static void
ck_fails(struct http_request request, enum err_kind kind)
{
    struct http_response response;
    ck_assert_int_eq(http_fetch(&request, &response, &err), -1);
    ck_assert_msg(err.kind == kind, "%s: %s", err_name(err.kind), err.message);
}

START_TEST(gets_and_posts)
{
    static const char *const headers[] = {"X-Thing: yes", "Content-Type: application/json", NULL};
    AUTO_HTTP_RESPONSE got = fetch((struct http_request){.url = url("/echo")});
    ck_assert_int_eq(got.status, 200);
    ck_assert_str_eq(buf_text(&got.body), "GET|||atoll/" ATOLL_VERSION "|");
    ck_assert_str_eq(got.content_type, "text/plain; charset=utf-8");
    AUTO_HTTP_RESPONSE posted =
        fetch((struct http_request){.url = url("/echo"), .headers = headers, .body = STR("{\"a\": 1}")});
    ck_assert_str_eq(buf_text(&posted.body), "POST|yes|application/json|atoll/" ATOLL_VERSION "|{\"a\": 1}");
    AUTO_HTTP_RESPONSE put = fetch(
        (struct http_request){.method = "PUT", .url = url("/echo"), .headers = headers, .body = STR("b")});
    ck_assert(str_starts(buf_str(&put.body), STR("PUT|yes|")));
    ck_assert(str_ends(buf_str(&put.body), STR("|b")));
    AUTO_HTTP_RESPONSE removed = fetch((struct http_request){.method = "DELETE", .url = url("/echo")});
    ck_assert(str_starts(buf_str(&removed.body), STR("DELETE|")));
    AUTO_HTTP_RESPONSE head = fetch((struct http_request){.method = "HEAD", .url = url("/big")});
    ck_assert_int_eq(head.status, 200);
    ck_assert_uint_eq(head.body.len, 0);
}
END_TEST

START_TEST(any_status_is_an_answer)
{
    AUTO_HTTP_RESPONSE missing = fetch((struct http_request){.url = url("/nowhere")});
    ck_assert_int_eq(missing.status, 404);
    ck_assert_str_eq(buf_text(&missing.body), "none");
    ck_assert_int_eq(missing.retry_after_s, 0);
    AUTO_HTTP_RESPONSE busy = fetch((struct http_request){.url = url("/busy")});
    ck_assert_int_eq(busy.status, 503);
    ck_assert_int_eq(busy.retry_after_s, 7);
}
END_TEST

START_TEST(limits_body_and_time)
{
    ck_fails((struct http_request){.url = url("/big"), .max_bytes = 9999}, ERR_LIMIT);
    AUTO_HTTP_RESPONSE whole = fetch((struct http_request){.url = url("/big"), .max_bytes = 10000});
    ck_assert_uint_eq(whole.body.len, 10000);
    int64_t start_ns = clock_mono_ns();
    ck_fails((struct http_request){.url = url("/slow"), .timeout_ms = 300}, ERR_TIMEOUT);
    ck_assert_int_lt(clock_mono_ns() - start_ns, 4000 * CLOCK_MS_NS);
}
END_TEST

START_TEST(reports_transport_errors)
{
    ck_fails((struct http_request){.url = "http://127.0.0.1:1/"}, ERR_NET);
    ck_assert_ptr_nonnull(strstr(err.message, "http://127.0.0.1:1/"));
    ck_fails((struct http_request){.url = url("/cut")}, ERR_NET);
    ck_fails((struct http_request){.url = "file:///etc/passwd"}, ERR_USAGE);
    ck_fails((struct http_request){.url = "ftp://127.0.0.1/x"}, ERR_USAGE);
    ck_fails((struct http_request){.url = "http://"}, ERR_USAGE);
}
END_TEST

START_TEST(tells_no_password)
{
    struct http_request request = {.url = "http://user:secret@127.0.0.1:1/?token=secret"};
    AUTO_HTTP_RESPONSE response = {0};
    ck_assert_int_eq(http_fetch(&request, &response, &err), -1);
    ck_assert_msg(strstr(err.message, "secret") == NULL, "%s", err.message);
}
END_TEST

START_TEST(follows_redirects_with_care)
{
    static const char *const basic[] = {"Authorization: Bearer secret", NULL};
    static const char *const own[] = {"Private-Token: secret", NULL};
    AUTO_HTTP_RESPONSE plain = fetch((struct http_request){.url = url("/away")});
    ck_assert_int_eq(plain.status, 200);
    AUTO_HTTP_RESPONSE direct = fetch((struct http_request){.url = url("/token"), .headers = basic});
    ck_assert_str_eq(buf_text(&direct.body), "Bearer secret");
    AUTO_HTTP_RESPONSE moved = fetch((struct http_request){.url = url("/away"), .headers = basic});
    ck_assert_int_eq(moved.status, 200);
    ck_assert_str_eq(buf_text(&moved.body), ""); // the other host did not see it
    AUTO_HTTP_RESPONSE kept = fetch((struct http_request){.url = url("/away"), .headers = own});
    ck_assert_int_eq(kept.status, 302);
    ck_fails((struct http_request){.url = url("/loop")}, ERR_NET);
    ck_fails((struct http_request){.url = url("/file")}, ERR_USAGE);
}
END_TEST

START_TEST(fetches_many_at_once)
{
    enum { COUNT = 6 };
    struct http_request requests[COUNT] = {{.url = url("/nap")},           {.url = url("/nap")},
                                           {.url = "http://127.0.0.1:1/"}, {.url = url("/nap")},
                                           {.url = url("/none")},          {.url = url("/nap")}};
    struct http_response responses[COUNT];
    int64_t start_ns = clock_mono_ns();
    ck_assert_int_eq(http_fetch_all(requests, responses, COUNT, &err), 0);
    ck_assert_int_lt(clock_mono_ns() - start_ns, 9000 * CLOCK_MS_NS); // four naps of 2.5 s, side by side
    ck_assert_str_eq(buf_text(&responses[0].body), "rested");
    ck_assert_str_eq(buf_text(&responses[5].body), "rested");
    ck_assert(responses[2].failed && !responses[1].failed);
    ck_assert_int_eq(responses[2].err.kind, ERR_NET);
    ck_assert_int_eq(responses[4].status, 404);
    for (int i = 0; i < COUNT; i++)
        http_response_release(&responses[i]);
    ck_assert_int_eq(http_fetch_all(NULL, NULL, 0, &err), 0);
}
END_TEST

START_TEST(obeys_proxies)
{
    url("");
    setenv("http_proxy", arena_printf(&arena, "http://127.0.0.1:%d", port), 1);
    AUTO_HTTP_RESPONSE proxied = fetch((struct http_request){.url = "http://no-such-host.invalid/x"});
    ck_assert_str_eq(buf_text(&proxied.body), "proxied http://no-such-host.invalid/x");
    setenv("no_proxy", "127.0.0.1", 1);
    AUTO_HTTP_RESPONSE direct = fetch((struct http_request){.url = url("/busy")});
    ck_assert_str_eq(buf_text(&direct.body), "later");
}
END_TEST

// A server with a certificate of its own making: refused, unless the environment names it as an authority.
START_TEST(obeys_certificate_settings)
{
    if (!proc_find(&arena, "openssl")) {
        printf("skipped: needs openssl\n");
        return;
    }
    url(""); // clears the environment
    char *dir = fs_temp_dir(&arena, NULL, "atoll-http-", &err);
    const char *const make[] = {
        "openssl", "req",  "-x509", "-newkey", "rsa:2048", "-nodes",  "-keyout",
        "k",       "-out", "cert",  "-subj",   "/CN=a",    "-addext", "subjectAltName=IP:127.0.0.1",
        "-days",   "2",    NULL};
    AUTO_PROC_RESULT made = {0};
    ck_assert_int_eq(proc_run(&(struct proc_spec){.argv = make, .cwd = dir}, &made, &err), 0);
    ck_assert_msg(made.exit_code == 0, "%s", buf_text(&made.err));
    int tls_port = 20000 + getpid() % 20000;
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (chdir(dir) == 0 && freopen("/dev/null", "w", stdout) && freopen("/dev/null", "w", stderr))
            execlp("openssl", "openssl", "s_server", "-accept",
                   arena_printf(&arena, "127.0.0.1:%d", tls_port), "-key", "k", "-cert", "cert", "-www",
                   NULL);
        _exit(1);
    }
    struct http_request request = {.url = arena_printf(&arena, "https://127.0.0.1:%d/", tls_port)};
    setenv("SSL_CERT_FILE", fs_join(&arena, dir, "cert"), 1);
    struct http_response response = {0};
    int status = -1;
    for (int tries = 0; tries < 600 && status < 0; tries++) { // until it listens
        poll(NULL, 0, 50);
        status = http_fetch(&request, &response, &err);
    }
    ck_assert_msg(status == 0, "%s", err.message);
    ck_assert_int_eq(response.status, 200);
    http_response_release(&response);
    unsetenv("SSL_CERT_FILE");
    ck_fails(request, ERR_NET);
    setenv("CURL_CA_BUNDLE", fs_join(&arena, dir, "cert"), 1);
    ck_assert_int_eq(http_fetch(&request, &response, &err), 0);
    http_response_release(&response);
    ck_assert_int_eq(fs_remove_tree(dir, &err), 0);
}
END_TEST

UNIT_MAIN("base/http", gets_and_posts, any_status_is_an_answer, limits_body_and_time,
          reports_transport_errors, tells_no_password, follows_redirects_with_care, fetches_many_at_once,
          obeys_proxies, obeys_certificate_settings)
