// SPDX-License-Identifier: Apache-2.0
// HTTP requests. Proxies (http_proxy, https_proxy, no_proxy) and CA settings (CURL_CA_BUNDLE, SSL_CERT_FILE,
// SSL_CERT_DIR) of the environment are obeyed; only http and https. At most 5 redirects are followed, none
// when the request has headers other than Accept, Authorization and Content-Type: credentials stay with their
// host.
#ifndef ATOLL_BASE_HTTP_H
#define ATOLL_BASE_HTTP_H

#include "base/buf.h"
#include "base/err.h"

struct http_request {
    const char *method; // NULL is GET, or POST with a body
    const char *url;
    const char *const *headers; // "Name: value", NULL at the end; NULL is none
    struct str body;
    size_t max_bytes;   // of the response body; 0 is 16 MiB
    int64_t timeout_ms; // of the whole exchange; 0 is 60 s
};

struct http_response {
    long status; // the caller judges it; 0 when there was no answer
    struct buf body;
    char content_type[128]; // "" when absent
    int64_t retry_after_s;  // of the Retry-After header, 0 when absent
    bool failed;            // no complete answer: `err` says why
    struct err err;
};

// Performs one exchange. ERR_NET when there was no complete answer, ERR_TIMEOUT, ERR_LIMIT for a body beyond
// max_bytes, ERR_USAGE for an URL that is not http(s). Any status is a success. The response is to be
// released after success.
int http_fetch(const struct http_request *request, struct http_response *response, struct err *err) MUST_USE;

// Performs `count` exchanges at once, at most 8 to a host. Each response has its own `failed`; -1 only when
// none could be tried. All responses are to be released after success.
int http_fetch_all(const struct http_request *requests, struct http_response *responses, size_t count,
                   struct err *err) MUST_USE;

// Frees the body.
void http_response_release(struct http_response *response);

#define AUTO_HTTP_RESPONSE __attribute__((cleanup(http_response_release))) struct http_response

#endif
