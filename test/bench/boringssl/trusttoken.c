// Times BoringSSL's Trust Tokens, one operation at a time, in CPU time of this
// process: prints "operation batch microseconds-a-token" for the best of its
// rounds. Built against Debian's android-libboringssl-dev, which has the older
// experiment v2: the same curve and the same work as PrivateStateTokenV1VOPRF.
#include <openssl/base.h>
#include <openssl/mem.h>
#include <openssl/stack.h>
#include <openssl/trust_token.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static void must(int ok, const char *what) {
  if (!ok) {
    fprintf(stderr, "%s failed\n", what);
    exit(1);
  }
}

static const TRUST_TOKEN_METHOD *method;
static uint8_t priv[TRUST_TOKEN_MAX_PRIVATE_KEY_SIZE], pub[TRUST_TOKEN_MAX_PUBLIC_KEY_SIZE];
static size_t priv_len, pub_len;

static void batch(TRUST_TOKEN_ISSUER *issuer, size_t n, int rounds) {
  double begin = 1e18, issue = 1e18, finish = 1e18, redeem = 1e18;
  for (int i = 0; i < rounds; i++) {
    TRUST_TOKEN_CLIENT *client = TRUST_TOKEN_CLIENT_new(method, 100);
    size_t index, granted, req_len, resp_len;
    uint8_t *req, *resp;
    must(TRUST_TOKEN_CLIENT_add_key(client, &index, pub, pub_len), "add_key");
    double t0 = now();
    must(TRUST_TOKEN_CLIENT_begin_issuance(client, &req, &req_len, n), "begin");
    double t1 = now();
    must(TRUST_TOKEN_ISSUER_issue(issuer, &resp, &resp_len, &granted, req, req_len, 1, 0, n), "issue");
    double t2 = now();
    STACK_OF(TRUST_TOKEN) *tokens = TRUST_TOKEN_CLIENT_finish_issuance(client, &index, resp, resp_len);
    double t3 = now();
    must(tokens != NULL && granted == n && sk_num((_STACK *)tokens) == n, "finish");
    if (t1 - t0 < begin) begin = t1 - t0;
    if (t2 - t1 < issue) issue = t2 - t1;
    if (t3 - t2 < finish) finish = t3 - t2;
    size_t shown = n < 5 ? n : 5;
    for (size_t j = 0; j < shown; j++) {
      TRUST_TOKEN *token = sk_value((_STACK *)tokens, j), *out;
      uint8_t *show, *data, private_metadata;
      size_t show_len, data_len;
      uint32_t public_metadata;
      must(TRUST_TOKEN_CLIENT_begin_redemption(client, &show, &show_len, token, (const uint8_t *)"a", 1, 0), "begin_redemption");
      double t4 = now();
      must(TRUST_TOKEN_ISSUER_redeem_raw(issuer, &public_metadata, &private_metadata, &out, &data, &data_len, show, show_len), "redeem");
      double t5 = now();
      if (t5 - t4 < redeem) redeem = t5 - t4;
      OPENSSL_free(show);
      OPENSSL_free(data);
      TRUST_TOKEN_free(out);
    }
    for (size_t j = 0; j < n; j++) TRUST_TOKEN_free(sk_value((_STACK *)tokens, j));
    sk_free((_STACK *)tokens);
    OPENSSL_free(req);
    OPENSSL_free(resp);
    TRUST_TOKEN_CLIENT_free(client);
  }
  printf("begin %zu %.2f\nissue %zu %.2f\nfinish %zu %.2f\n", n, begin / n, n, issue / n, n, finish / n);
  if (n == 1) printf("redeem 1 %.2f\n", redeem);
}

int main(void) {
  method = TRUST_TOKEN_experiment_v2_voprf();
  must(TRUST_TOKEN_generate_key(method, priv, &priv_len, sizeof priv, pub, &pub_len, sizeof pub, 1), "generate_key");
  TRUST_TOKEN_ISSUER *issuer = TRUST_TOKEN_ISSUER_new(method, 100);
  must(issuer != NULL && TRUST_TOKEN_ISSUER_add_key(issuer, priv, priv_len), "issuer");
  batch(issuer, 1, 40);
  batch(issuer, 10, 12);
  batch(issuer, 100, 4);
  TRUST_TOKEN_ISSUER_free(issuer);
  return 0;
}
