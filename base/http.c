// SPDX-License-Identifier: Apache-2.0
#include "base/http.h"

#include "base/url.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BODY_DEFAULT_BYTES (16u << 20)
#define TIMEOUT_DEFAULT_MS 60000
#define REDIRECTS_MAX 5
#define PER_HOST_MAX 8

// One exchange under way.
struct exchange {
    const struct http_request *request;
    struct http_response *response;
    CURL *handle;
    struct curl_slist *headers;
    char problem[CURL_ERROR_SIZE];
};

static size_t
on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct http_response *response = context;
    buf_add(&response->body, bytes, size * count);
    return response->body.full ? 0 : size * count;
}

// The names that curl, git and OpenSSL read, in curl's order.
static void
use_authorities(CURL *handle)
{
    const char *file = getenv("CURL_CA_BUNDLE");
    const char *dir = getenv("SSL_CERT_DIR");
    file = file ? file : getenv("SSL_CERT_FILE");
    if (file)
        curl_easy_setopt(handle, CURLOPT_CAINFO, file);
    if (dir)
        curl_easy_setopt(handle, CURLOPT_CAPATH, dir);
}

// curl keeps Authorization from a second host; a token in a header of its own would travel there.
static bool
may_follow(const struct http_request *request)
{
    static const char *const harmless[] = {"Authorization:", "Accept:", "Content-Type:"};
    for (const char *const *header = request->headers; header && *header; header++) {
        bool is_harmless = false;
        for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
            is_harmless |= strncasecmp(*header, harmless[i], strlen(harmless[i])) == 0;
        if (!is_harmless)
            return false;
    }
    return true;
}

static void
use_body(struct exchange *exchange)
{
    const struct http_request *request = exchange->request;
    if (request->body.len > 0) {
        curl_easy_setopt(exchange->handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
        curl_easy_setopt(exchange->handle, CURLOPT_POSTFIELDS, request->body.ptr);
    }
    if (request->method && strcmp(request->method, "HEAD") == 0)
        curl_easy_setopt(exchange->handle, CURLOPT_NOBODY, 1L);
    else if (request->method && !(request->body.len > 0 && strcmp(request->method, "POST") == 0))
        curl_easy_setopt(exchange->handle, CURLOPT_CUSTOMREQUEST, request->method);
    exchange->headers = curl_slist_append(NULL, "Expect:"); // no extra round trip before a large body
    for (const char *const *header = request->headers; header && *header; header++)
        exchange->headers = curl_slist_append(exchange->headers, *header);
    curl_easy_setopt(exchange->handle, CURLOPT_HTTPHEADER, exchange->headers);
}

static void
exchange_start(struct exchange *exchange, CURLM *multi)
{
    const struct http_request *request = exchange->request;
    CURL *handle = exchange->handle = curl_easy_init();
    if (!handle)
        abort();
    curl_easy_setopt(handle, CURLOPT_URL, request->url);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, (long)may_follow(request));
    curl_easy_setopt(handle, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
    curl_easy_setopt(handle, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "atoll/" ATOLL_VERSION);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS,
                     (long)(request->timeout_ms ? request->timeout_ms : TIMEOUT_DEFAULT_MS));
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, exchange->problem);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, exchange->response);
    curl_easy_setopt(handle, CURLOPT_PRIVATE, exchange);
    use_authorities(handle);
    use_body(exchange);
    curl_multi_add_handle(multi, handle);
}

static void
exchange_fail(struct exchange *exchange, CURLcode code)
{
    struct http_response *response = exchange->response;
    AUTO_ARENA arena = {0};
    const char *url = url_public(&arena, exchange->request->url);
    response->failed = true;
    if (response->body.full)
        err_set(&response->err, ERR_LIMIT, "%s: the answer is larger than %zu bytes", url,
                response->body.max);
    else if (code == CURLE_OPERATION_TIMEDOUT)
        err_set(&response->err, ERR_TIMEOUT, "%s: %s", url, exchange->problem);
    else if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT)
        err_set(&response->err, ERR_USAGE, "not an http or https URL: %s", url);
    else
        err_set(&response->err, ERR_NET, "%s: %s", url,
                exchange->problem[0] ? exchange->problem : curl_easy_strerror(code));
}

static void
exchange_finish(struct exchange *exchange, CURLcode code)
{
    struct http_response *response = exchange->response;
    CURL *handle = exchange->handle;
    const char *type = NULL;
    curl_off_t retry_after_s = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &response->status);
    curl_easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &type);
    curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &retry_after_s);
    snprintf(response->content_type, sizeof(response->content_type), "%s", type ? type : "");
    response->retry_after_s = retry_after_s;
    if (code != CURLE_OK)
        exchange_fail(exchange, code);
}

static int
exchanges_drive(CURLM *multi, struct err *err)
{
    int running = 1;
    while (running > 0) {
        CURLMcode code = curl_multi_perform(multi, &running);
        if (code == CURLM_OK && running > 0)
            code = curl_multi_poll(multi, NULL, 0, 1000, NULL);
        if (code != CURLM_OK)
            return err_set(err, ERR_NET, "%s", curl_multi_strerror(code));
        int left;
        for (CURLMsg *message; (message = curl_multi_info_read(multi, &left));) {
            char *exchange;
            if (message->msg == CURLMSG_DONE &&
                curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange) == CURLE_OK)
                exchange_finish((void *)exchange, message->data.result);
        }
    }
    return 0;
}

int
http_fetch_all(const struct http_request *requests, struct http_response *responses, size_t count,
               struct err *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return err_set(err, ERR_INTERNAL, "libcurl does not start");
    CURLM *multi = curl_multi_init();
    struct exchange *exchanges = calloc(count + 1, sizeof(*exchanges));
    if (!multi || !exchanges)
        abort();
    curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)PER_HOST_MAX);
    for (size_t i = 0; i < count; i++) {
        size_t max = requests[i].max_bytes ? requests[i].max_bytes : BODY_DEFAULT_BYTES;
        responses[i] = (struct http_response){.body = BUF(max)};
        exchanges[i].request = &requests[i];
        exchanges[i].response = &responses[i];
        exchange_start(&exchanges[i], multi);
    }
    int status = exchanges_drive(multi, err);
    for (size_t i = 0; i < count; i++) {
        curl_multi_remove_handle(multi, exchanges[i].handle);
        curl_easy_cleanup(exchanges[i].handle);
        curl_slist_free_all(exchanges[i].headers);
        if (status < 0)
            http_response_release(&responses[i]);
    }
    curl_multi_cleanup(multi);
    free(exchanges);
    curl_global_cleanup();
    return status;
}

int
http_fetch(const struct http_request *request, struct http_response *response, struct err *err)
{
    if (http_fetch_all(request, response, 1, err) < 0)
        return -1;
    if (!response->failed)
        return 0;
    *err = response->err;
    http_response_release(response);
    return -1;
}

void
http_response_release(struct http_response *response)
{
    buf_release(&response->body);
}
